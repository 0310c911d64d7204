namespace Isobar.Supervisor.Launching;

/// <summary>What a job's first process can be told to do (Native/launch.c has the same numbers), with the numbers and texts that it takes.</summary>
internal enum LaunchStep : uint
{
    /// <summary>What is mounted from now on stays in this namespace, and nothing comes in from outside.</summary>
    Separate = 1,

    /// <summary>Source, target: one file system at a second place, without what is mounted below it.</summary>
    Bind,

    /// <summary>Target.</summary>
    Proc,

    /// <summary>Target: an instance of devpts of its own, so that the job's terminals have the same names everywhere.</summary>
    Terminals,

    /// <summary>A mount point, which becomes the root; the old tree is gone.</summary>
    ChangeRoot,

    /// <summary>Host name, NIS domain name.</summary>
    HostName,

    /// <summary>Its user, columns and rows (0 = as the kernel makes it); its settings as of tcgetattr(3). The master goes to the supervisor.</summary>
    Terminal,

    /// <summary>Open flags, descriptor, offset in bytes; path.</summary>
    Open,

    /// <summary>Descriptor, another one that becomes the same open file.</summary>
    Copy,

    /// <summary>Resource, soft, hard: a limit that may not be raised stays as it is.</summary>
    Limit,

    /// <summary>Resource, hard: raised where it is lower; the soft one stays.</summary>
    HardLimit,

    /// <summary>The value for /proc/self/oom_score_adj.</summary>
    OutOfMemory,

    /// <summary>Nice value.</summary>
    Nice,

    /// <summary>User, group, supplementary groups: taken on for good.</summary>
    User,

    /// <summary>File mode mask.</summary>
    Mask,

    /// <summary>Working directory.</summary>
    Enter,

    /// <summary>1 = there is one path, which the user gave; the paths at which the program may be.</summary>
    Find,

    /// <summary>A path that must be executable.</summary>
    Need,

    /// <summary>The signals that are ignored; all others get their default.</summary>
    Signals,

    /// <summary>
    /// How many arguments; which of them is the program that was found; which is the terminal that was made (0 = none); the first and the one behind the last that are left out when the program's path
    /// has a '=' in it. Path, arguments, environment.
    /// </summary>
    Execute,
}
