namespace Isobar.Cli.Doctor.Checks;

/// <summary>What the kernel was built with.</summary>
internal static class KernelChecks
{
    private static readonly string[] Namespaces = ["mnt", "pid", "ipc", "uts", "net"];

    public static IEnumerable<Finding> Run(KernelView kernel)
    {
        yield return NamespaceKinds(kernel);
        // CRIU gives a moved job a time namespace of its own, so that its monotonic clock goes on where it was (time_namespaces(7), Linux 5.6).
        yield return kernel.Has("/proc/self/ns/time")
            ? Finding.Good("time namespace", "A moved job's clock goes on where it was.")
            : Finding.Bad("time namespace", "The kernel has no time namespaces, so the clock of a moved job would jump: use Linux 5.6 or newer built with CONFIG_TIME_NS.");
        // This file exists only with CONFIG_CHECKPOINT_RESTORE (kernel/pid_namespace.c).
        yield return kernel.Has("/proc/sys/kernel/ns_last_pid")
            ? Finding.Good("checkpoint", "The kernel can restore processes.")
            : Finding.Bad("checkpoint", "The kernel was built without CONFIG_CHECKPOINT_RESTORE, so nothing can be moved: use a distribution's kernel.");
        yield return FileSystem(kernel, "overlay")
            ? Finding.Good("overlay", "The sandbox can be used.")
            : Finding.Warn("overlay", "The kernel has no overlayfs, so 'isobar sandbox' does not work: load the module overlay.");
        // The device of Linux 6.1: with it faults in system calls are told too, whatever vm.unprivileged_userfaultfd says.
        yield return kernel.Has("/dev/userfaultfd")
            ? Finding.Good("userfaultfd", "Pages of jobs can lie in other machines' memory.")
            : Finding.Warn("userfaultfd", "/dev/userfaultfd is missing, so no pages of jobs here go to other machines' memory (profiles gms and rms): use Linux 6.1 or newer built with CONFIG_USERFAULTFD, or let the container have the device.");
        yield return MemoryRun(kernel);
    }

    private static Finding NamespaceKinds(KernelView kernel)
    {
        var missing = Namespaces.Where(kind => !kernel.Has($"/proc/self/ns/{kind}")).ToList();
        return missing.Count == 0
            ? Finding.Good("namespaces", $"The kernel has {string.Join(", ", Namespaces)}.")
            : Finding.Bad("namespaces", $"The kernel lacks the namespaces {string.Join(", ", missing)}: use a distribution's kernel.");
    }

    private static bool FileSystem(KernelView kernel, string name)
    {
        if (kernel.Lines("/proc/filesystems").Any(line => line.EndsWith($"\t{name}", StringComparison.Ordinal)))
            return true;
        // Not loaded yet: the kernel loads it when it is first mounted.
        var release = kernel.Read("/proc/sys/kernel/osrelease");
        return kernel.Lines($"/lib/modules/{release}/modules.dep").Any(line => line.Contains($"/{name}.ko", StringComparison.Ordinal));
    }

    private static Finding MemoryRun(KernelView kernel)
    {
        var mount = kernel.Lines("/proc/self/mounts").Select(line => line.Split(' ')).LastOrDefault(fields => fields.Length > 2 && fields[1] == "/run");
        return mount?[2] == "tmpfs"
            ? Finding.Good("/run", "It is in memory.")
            : Finding.Warn("/run", "It is not a tmpfs, so images of moved jobs may touch the disk and each use of CRIU costs 30 ms more: mount a tmpfs on /run.");
    }
}
