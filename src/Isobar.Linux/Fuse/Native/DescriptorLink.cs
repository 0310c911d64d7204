using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Isobar.Linux.Fuse.Native;

/// <summary>
/// The path /proc/self/fd/N of a descriptor, alive as long as the value: the way to open, chmod, truncate or link the very inode that an
/// O_PATH descriptor holds, whatever has meanwhile happened to its name. No path of the served tree is ever walked for it.
/// </summary>
internal ref struct DescriptorLink
{
    private readonly SafeFileHandle _file;
    private readonly bool _held;
    private Text _text;

    public DescriptorLink(SafeFileHandle file)
    {
        _file = file;
        file.DangerousAddRef(ref _held);
        var prefix = "/proc/self/fd/"u8;
        Span<byte> text = _text;
        prefix.CopyTo(text);
        _ = ((int)file.DangerousGetHandle()).TryFormat(text[prefix.Length..], out var digits);
        text[prefix.Length + digits] = 0;
    }

    /// <summary>First byte of the zero-terminated path.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ref readonly byte Path => ref MemoryMarshal.GetReference((ReadOnlySpan<byte>)_text);

    public readonly void Dispose()
    {
        if (_held)
            _file.DangerousRelease();
    }

    [System.Runtime.CompilerServices.InlineArray(32)]
    private struct Text
    {
        private byte _first;
    }
}
