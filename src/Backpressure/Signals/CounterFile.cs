using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace Backpressure.Signals;

/// <summary>A small file of the kernel that holds numbers, read again and again without allocation.</summary>
internal sealed class CounterFile : IDisposable
{
    /// <summary>More than the first lines of any of them; what is looked for in longer ones stands within.</summary>
    private const int MaxBytes = 4096;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _buffer = new byte[MaxBytes];

    private CounterFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>Opens one; null when it is not there or may not be read.</summary>
    public static CounterFile? TryOpen(string path)
    {
        try
        {
            return new CounterFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>What it holds now. Valid until the next call.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public ReadOnlySpan<byte> Read() => _buffer.AsSpan(0, RandomAccess.Read(_handle, _buffer, 0));

    public void Dispose() => _handle.Dispose();

    /// <summary>The number at the beginning, spaces skipped; null when there is none (<c>max</c>) or it is negative.</summary>
    public static double? First(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text.TrimStart((byte)' '), out ulong number, out _) ? number : null;

    /// <summary>The number after the first field.</summary>
    public static double? Second(ReadOnlySpan<byte> text)
    {
        int space = text.IndexOf((byte)' ');
        return space < 0 ? null : First(text[space..]);
    }

    /// <summary>The number of the line that begins with <paramref name="key"/> and a space.</summary>
    public static double? Of(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        while (text.Length > 0)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            if (line.StartsWith(key) && line.Length > key.Length && line[key.Length] == (byte)' ')
            {
                return First(line[key.Length..]);
            }

            text = end < 0 ? default : text[(end + 1)..];
        }

        return null;
    }
}
