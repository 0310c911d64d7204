namespace Isobar.Linux.Threads;

/// <summary>
/// Short things that are done on one thread of the process's own identity, in order; for threads that have changed theirs. Whatever completes a task may make the runtime add a thread to its pool,
/// and a new thread gets user, file table and folder of the one that makes it: such a thread must not complete any task itself.
/// </summary>
internal static class Posts
{
    private static readonly object Gate = new();
    private static readonly Queue<Action> Waiting = [];
    private static bool _isRunning;

    /// <summary>To be called on a thread of the process's own identity before any other <see cref="Add">adds</see>.</summary>
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
