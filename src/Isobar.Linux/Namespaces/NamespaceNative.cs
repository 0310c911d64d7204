using System.Runtime.InteropServices;
using Isobar.Linux.Kernel;

namespace Isobar.Linux.Namespaces;

internal static unsafe partial class NamespaceNative
{
    [LibraryImport(LibC.Name, EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport(LibC.Name, EntryPoint = "getdomainname", SetLastError = true)]
    public static partial int GetDomainName(byte* name, nuint length);
}
