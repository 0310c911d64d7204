namespace Isobar.Balancing.Consideration.Gangs;

/// <summary>
/// Ousterhout's matrix (1982) for gang scheduling [systems.md A12, G16]: a column per node, a row per time slice; the processes of a job stand in one row,
/// so that they run at the same time. In the slice of a row its jobs run, and jobs of other rows whose columns are all free in it (alternates), so that
/// no node idles that could do something for a whole job.
/// </summary>
/// <remarks>
/// A job keeps its columns: changing them would be a move. When a job leaves, jobs of the last rows are taken into earlier ones where their columns
/// are free, and empty rows vanish: fewer rows mean a larger share for all. Jobs are named by whole numbers that the caller chooses, not negative.
/// </remarks>
public sealed class SlotMatrix
{
    private const int Empty = -1;

    private readonly List<int[]> _rows = [];
    private readonly Dictionary<int, (int Row, int[] Columns)> _jobs = [];

    /// <param name="columns">Nodes (or processors), at least 1.</param>
    /// <param name="maxRows">The most rows: how many jobs may share a node; at least 1.</param>
    public SlotMatrix(int columns, int maxRows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        Columns = columns;
        MaxRows = maxRows;
    }

    public int Columns { get; }

    public int MaxRows { get; }

    /// <summary>Rows in use: each gets one slice per round.</summary>
    public int Rows => _rows.Count;

    public IReadOnlyCollection<int> Jobs => _jobs.Keys;

    /// <summary>The columns of a job.</summary>
    public ReadOnlySpan<int> ColumnsOf(int job) => _jobs[job].Columns;

    /// <summary>The row of a job.</summary>
    public int RowOf(int job) => _jobs[job].Row;

    /// <summary>Gives a job its columns in the first row that has room (first fit), else in a new row; false when there may be no more rows.</summary>
    public bool TryPlace(int job, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(job);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, Columns);
        int row = _rows.FindIndex(slots => slots.Count(slot => slot == Empty) >= width);
        if (row < 0)
        {
            if (_rows.Count == MaxRows)
                return false;
            row = _rows.Count;
            int[] slots = new int[Columns];
            Array.Fill(slots, Empty);
            _rows.Add(slots);
        }

        int[] columns = new int[width];
        for (int column = 0, taken = 0; taken < width; column++)
        {
            if (_rows[row][column] == Empty)
                columns[taken++] = column;
        }

        _jobs.Add(job, (row, columns));
        Fill(row, columns, job);
        return true;
    }

    /// <summary>Takes a job out and closes up the rows.</summary>
    public void Remove(int job)
    {
        (int row, int[] columns) = _jobs[job];
        _jobs.Remove(job);
        Fill(row, columns, Empty);
        DropEmptyRows();
        Unify();
        DropEmptyRows();
    }

    /// <summary>The jobs that run in the slice of a row: its own, then alternates in the order of their rows.</summary>
    public void Running(int row, List<int> jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        jobs.Clear();
        int[] slots = (int[])_rows[row].Clone();
        for (int step = 0; step < _rows.Count; step++)
        {
            int from = (row + step) % _rows.Count;
            foreach (int job in Distinct(_rows[from]))
            {
                int[] columns = _jobs[job].Columns;
                if (step > 0 && !IsFree(slots, columns))
                    continue;
                jobs.Add(job);
                foreach (int column in columns)
                    slots[column] = job;
            }
        }
    }

    private static bool IsFree(int[] slots, int[] columns)
    {
        foreach (int column in columns)
        {
            if (slots[column] != Empty)
                return false;
        }

        return true;
    }

    private static List<int> Distinct(int[] slots)
    {
        var jobs = new List<int>();
        foreach (int job in slots)
        {
            if (job != Empty && !jobs.Contains(job))
                jobs.Add(job);
        }

        return jobs;
    }

    private void Fill(int row, int[] columns, int value)
    {
        foreach (int column in columns)
            _rows[row][column] = value;
    }

    private void Unify()
    {
        for (int from = _rows.Count - 1; from > 0; from--)
        {
            foreach (int job in Distinct(_rows[from]))
            {
                int[] columns = _jobs[job].Columns;
                int to = _rows.FindIndex(0, from, slots => IsFree(slots, columns));
                if (to < 0)
                    continue;
                Fill(from, columns, Empty);
                Fill(to, columns, job);
                _jobs[job] = (to, columns);
            }
        }
    }

    private void DropEmptyRows()
    {
        for (int row = _rows.Count - 1; row >= 0; row--)
        {
            if (_rows[row].All(slot => slot == Empty))
                RemoveRow(row);
        }
    }

    private void RemoveRow(int row)
    {
        _rows.RemoveAt(row);
        foreach (int job in _jobs.Keys.ToArray())
        {
            (int at, int[] columns) = _jobs[job];
            if (at > row)
                _jobs[job] = (at - 1, columns);
        }
    }
}
