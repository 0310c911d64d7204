namespace Isobar.Cli.Doctor.Checks;

/// <summary>Which control groups the machine has.</summary>
internal static class ControlGroupCheck
{
    private static readonly string[] Needed = ["cpu", "memory", "pids"];

    public static Finding Run(KernelView kernel)
    {
        if (kernel.Read("/sys/fs/cgroup/cgroup.controllers") is { } controllers)
        {
            var missing = Needed.Except(controllers.Split(' ')).ToList();
            return missing.Count == 0
                ? Finding.Good("control groups", "Version 2.")
                : Finding.Warn("control groups", $"Version 2, but without {string.Join(", ", missing)}: jobs and sandbox hosts cannot be limited by them.");
        }

        return kernel.Has("/sys/fs/cgroup/cpu") && kernel.Has("/sys/fs/cgroup/memory")
            ? Finding.Good("control groups", "Version 1.")
            : Finding.Warn("control groups", "None are mounted, so sandbox hosts cannot be limited: mount cgroup2 on /sys/fs/cgroup.");
    }
}
