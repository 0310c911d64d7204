using Isobar.Linux.Files;
using Isobar.Linux.Mounts;

namespace Isobar.Supervisor.Hosting;

/// <summary>
/// The folders of a job on the node where it runs. What is mounted here is mounted in the supervisor's own namespace and is gone with it, whatever
/// happens to the supervisor.
/// </summary>
internal sealed class HostFolders
{
    private const int OnlyOwner = (int)(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <param name="runDirectory">The supervisor's run folder.</param>
    /// <param name="incarnation">A home may host several incarnations of its job one after the other: each has its own folders.</param>
    public HostFolders(string runDirectory, int incarnation)
    {
        var top = Path.Combine(runDirectory, $"host.{incarnation}");
        Root = Path.Combine(top, "root");
        SharedMemory = Path.Combine(top, "shm");
        Images = Path.Combine(top, "images");
        Work = Path.Combine(top, "criu");
        Top = top;
        Directory.CreateDirectory(top, (UnixFileMode)OnlyOwner);
        Directory.CreateDirectory(Work);
        Directory.CreateDirectory(SharedMemory);
        Mounting.MemoryFileSystem(SharedMemory, "mode=1777,size=75%");
    }

    public string Top { get; }

    /// <summary>Mount point of the home's files.</summary>
    public string Root { get; }

    /// <summary>The job's /dev/shm.</summary>
    public string SharedMemory { get; }

    /// <summary>Where arriving images lie, in memory, until they are restored.</summary>
    public string Images { get; }

    /// <summary>CRIU's log and sockets.</summary>
    public string Work { get; }

    public void MakeRoomForImages()
    {
        Directory.CreateDirectory(Images);
        Mounting.MemoryFileSystem(Images, "mode=0700,size=90%");
    }

    public void DropImages()
    {
        Mounting.Detach(Images);
    }

    public void Remove()
    {
        Mounting.Detach(Images);
        Mounting.Detach(SharedMemory);
        Mounting.Detach(Root);
        // A mount that is still busy goes with this process; the daemon removes the folder then.
        FolderRemoval.Remove(Top);
    }
}
