// Measures the home's file view against the local disk and against sshfs, in one run on this machine.
//   Isobar.FileView.Bench [--json FILE] [--quick] [--rounds N] [--only disk,view,plain,sshfs]
// The other verbs are the processes that it starts: serve, mount, work.
using Isobar.FileView.Bench;

switch (args)
{
    case ["serve", var root, var folder]:
        await HomeProcess.RunAsync(root, folder);
        return 0;
    case ["mount", var mountPoint, var port, var folder]:
        await GuestProcess.RunAsync(mountPoint, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), folder);
        return 0;
    case ["work", var directory, var scale]:
        await Workload.RunAsync(directory, double.Parse(scale, System.Globalization.CultureInfo.InvariantCulture));
        return 0;
    default:
        return await Comparison.RunAsync(args);
}
