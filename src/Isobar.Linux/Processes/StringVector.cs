using System.Runtime.InteropServices;
using System.Text;

namespace Isobar.Linux.Processes;

/// <summary>A null-terminated char* array in unmanaged memory, one block for pointers and text.</summary>
internal sealed unsafe class StringVector : IDisposable
{
    private byte** _block;

    public StringVector(IReadOnlyList<string> items)
    {
        nuint bytes = 0;
        foreach (var item in items)
        {
            // The kernel would cut the text at the zero without a word.
            if (item.Contains('\0'))
                throw new ArgumentException("A program's arguments and environment cannot contain a zero byte.", nameof(items));
            bytes += (nuint)Encoding.UTF8.GetByteCount(item) + 1;
        }

        var table = (nuint)(items.Count + 1) * (nuint)sizeof(byte*);
        _block = (byte**)NativeMemory.Alloc(table + bytes);
        var text = (byte*)_block + table;
        var left = (int)bytes;
        for (var i = 0; i < items.Count; i++)
        {
            var length = Encoding.UTF8.GetBytes(items[i], new Span<byte>(text, left));
            _block[i] = text;
            text[length] = 0;
            text += length + 1;
            left -= length + 1;
        }

        _block[items.Count] = null;
    }

    public byte** Pointer => _block;

    public void Dispose()
    {
        NativeMemory.Free(_block);
        _block = null;
    }
}
