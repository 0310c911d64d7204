namespace Isobar.Linux.Threads;

/// <summary>What is to be done on one thread that never changes its identity, in order.</summary>
internal static class Posts
{
    private static readonly object Gate = new();
    private static readonly Queue<Action> Waiting = [];
    private static bool _isRunning;

    public static void Prepare()
    {
        lock (Gate)
        {
            if (_isRunning)
                return;
            _isRunning = true;
        }

        new Thread(Run, 256 * 1024) { IsBackground = true, Name = "posts" }.Start();
    }

    public static void Add(Action action)
    {
        lock (Gate)
        {
            if (!_isRunning)
                throw new InvalidOperationException("A thread of another identity posts, and nobody has prepared for it.");
            Waiting.Enqueue(action);
            Monitor.Pulse(Gate);
        }
    }

    private static void Run()
    {
        while (true)
        {
            Action? next;
            lock (Gate)
            {
                while (!Waiting.TryDequeue(out next))
                    Monitor.Wait(Gate);
            }

            next();
        }
    }
}
