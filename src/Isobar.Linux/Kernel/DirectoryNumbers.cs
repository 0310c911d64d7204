using System.Runtime.InteropServices;

namespace Isobar.Linux.Kernel;

/// <summary>The entries of a /proc folder that are numbers (processes, threads), without a string for each (getdents64(2)).</summary>
internal static unsafe class DirectoryNumbers
{
    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    private static readonly nint GetDents = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 61 : 217;

    /// <summary>Writes the numbers into <paramref name="numbers"/>, which grows as needed, and returns how many there are.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="buffer">For the kernel's records.</param>
    /// <param name="numbers">Where they go.</param>
    public static int Read(string path, byte[] buffer, ref int[] numbers)
    {
        var fd = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenDirectory | LibC.OpenCloseOnExec, 0);
        if (fd < 0)
            return 0;
        try
        {
            var count = 0;
            fixed (byte* start = buffer)
            {
                while (LibC.SystemCall(GetDents, fd, (nint)start, buffer.Length, 0) is > 0 and var length)
                {
                    for (var at = 0; at < length; at += *(ushort*)(start + at + LengthOffset))
                    {
                        if (!TryNumber(start + at + NameOffset, out var number))
                            continue;
                        if (count == numbers.Length)
                            Array.Resize(ref numbers, count * 2);
                        numbers[count++] = number;
                    }
                }
            }

            return count;
        }
        finally
        {
            _ = LibC.Close(fd);
        }
    }

    private static bool TryNumber(byte* name, out int number)
    {
        number = 0;
        if (*name == 0)
            return false;
        for (; *name != 0; name++)
        {
            if (*name is < (byte)'0' or > (byte)'9')
                return false;
            number = (number * 10) + (*name - '0');
        }

        return true;
    }
}
