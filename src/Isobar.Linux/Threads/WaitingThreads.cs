namespace Isobar.Linux.Threads;

/// <summary>
/// Threads for work that mostly waits in the kernel, and would hold up others in the runtime's pool. A thread that has finished waits for more work for a while: starting one takes some
/// 0.1 ms of CPU time (the runtime spins until it runs), and a supervisor needs a dozen for each job.
/// </summary>
/// <remarks>The work must leave the thread as it found it: identity, namespaces, signal mask and descriptors belong to whatever comes next. Work that changes them needs a thread of its own.</remarks>
public static class WaitingThreads
{
    private const int StackSize = 512 * 1024;
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(20);
    private static readonly Lock Gate = new();
    private static readonly Stack<Worker> Idle = [];

    /// <summary>Starts the work at once. What it throws ends the process, as on any thread.</summary>
    /// <param name="name">Of the thread meanwhile.</param>
    /// <param name="work">There is no limit of threads, so it may wait for other work.</param>
    public static void Start(string name, Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Worker? worker;
        lock (Gate)
            Idle.TryPop(out worker);
        worker ??= new Worker();
        worker.Give(name, work);
    }

    /// <summary>Starts the work at once; the task is done with it, and continuations do not run on its thread.</summary>
    public static Task RunAsync(string name, Action work) =>
        RunAsync(name, () =>
        {
            work();
            return true;
        });

    /// <summary>Starts the work at once; the task has its result, and continuations do not run on its thread.</summary>
    public static Task<T> RunAsync<T>(string name, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(name, () =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>One thread. Whoever has taken it out of the list is the only one to give it work.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly AutoResetEvent _wake = new(false);
        private (string Name, Action Work) _next;
        private Thread? _thread;

        public void Give(string name, Action work)
        {
            _next = (name, work);
            if (_thread is not null)
            {
                _wake.Set();
                return;
            }

            _thread = new Thread(Run, StackSize) { IsBackground = true, Name = name };
            _thread.Start();
        }

        public void Dispose() => _wake.Dispose();

        private void Run()
        {
            do
            {
                var (name, work) = _next;
                _next = (name, static () => { });
                var thread = Thread.CurrentThread;
                if (thread.Name != name)
                    thread.Name = name;
                work();
                lock (Gate)
                    Idle.Push(this);
            }
            while (_wake.WaitOne(KeepFor) || !TryLeave());
            Dispose();
        }

        /// <summary>False when it was given work in the last moment.</summary>
        private bool TryLeave()
        {
            lock (Gate)
            {
                if (Idle.Contains(this))
                {
                    var others = Idle.Where(other => other != this).Reverse().ToList();
                    Idle.Clear();
                    others.ForEach(Idle.Push);
                    return true;
                }
            }

            _wake.WaitOne();
            return false;
        }
    }
}
