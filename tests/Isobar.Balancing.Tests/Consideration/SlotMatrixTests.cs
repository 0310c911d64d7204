using CsCheck;
using Isobar.Balancing.Consideration.Gangs;

namespace Isobar.Balancing.Tests.Consideration;

public sealed class SlotMatrixTests
{
    [Fact]
    public void Jobs_that_fit_side_by_side_share_a_row_and_others_take_turns()
    {
        var matrix = new SlotMatrix(4, maxRows: 2);
        Assert.True(matrix.TryPlace(0, 3));
        Assert.True(matrix.TryPlace(1, 1));
        Assert.True(matrix.TryPlace(2, 2));
        Assert.Equal([0, 0, 1], new[] { matrix.RowOf(0), matrix.RowOf(1), matrix.RowOf(2) });
        Assert.Equal([3], matrix.ColumnsOf(1).ToArray());
        Assert.False(matrix.TryPlace(3, 3));
        Assert.Equal(2, matrix.Rows);
    }

    /// <summary>Row 0: job 0 on columns 0 to 2, job 1 on column 3. Row 1: job 2 on columns 0 and 1; column 3 is free there, so job 1 runs in it too.</summary>
    [Fact]
    public void A_job_of_another_row_runs_too_when_all_its_columns_are_free()
    {
        var matrix = new SlotMatrix(4, maxRows: 2);
        matrix.TryPlace(0, 3);
        matrix.TryPlace(1, 1);
        matrix.TryPlace(2, 2);
        var running = new List<int>();
        matrix.Running(0, running);
        Assert.Equal([0, 1], running);
        matrix.Running(1, running);
        Assert.Equal([2, 1], running);
    }

    [Fact]
    public void Rows_close_up_when_a_job_leaves()
    {
        var matrix = new SlotMatrix(4, maxRows: 3);
        matrix.TryPlace(0, 3);
        matrix.TryPlace(1, 2);
        matrix.TryPlace(2, 4);
        matrix.Remove(0);
        Assert.Equal(2, matrix.Rows);
        Assert.Equal([0, 1], new[] { matrix.RowOf(1), matrix.RowOf(2) });
    }

    [Fact]
    public void Whatever_comes_and_goes_jobs_keep_whole_columns_of_their_own_row() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 4], Gen.Select(Gen.Int[0, 2], Gen.Int[1, 9], Gen.Int[0, 50]).List[0, 80]).Sample((columns, rows, steps) =>
        {
            var matrix = new SlotMatrix(columns, rows);
            var here = new Dictionary<int, int[]>();
            var next = 0;
            foreach (var (kind, width, choice) in steps)
            {
                if (kind < 2)
                {
                    var wanted = Math.Min(width, columns);
                    if (matrix.TryPlace(next, wanted))
                        here.Add(next, matrix.ColumnsOf(next).ToArray());
                    else if (matrix.Rows < rows)
                        return false;

                    next++;
                }
                else if (here.Count > 0)
                {
                    var job = here.Keys.Order().ElementAt(choice % here.Count);
                    matrix.Remove(job);
                    here.Remove(job);
                }

                if (!IsSound(matrix, here))
                    return false;
            }

            return true;
        });

    private static bool IsSound(SlotMatrix matrix, Dictionary<int, int[]> here)
    {
        var keep = here.All(job => matrix.ColumnsOf(job.Key).SequenceEqual(job.Value));
        var apart = here.Keys.GroupBy(matrix.RowOf).All(row => row.SelectMany(job => here[job]).GroupBy(column => column).All(column => column.Count() == 1));
        var used = here.Keys.Select(matrix.RowOf).Distinct().Count() == matrix.Rows;
        var running = new List<int>();
        for (var row = 0; row < matrix.Rows; row++)
        {
            matrix.Running(row, running);
            var own = here.Keys.Where(job => matrix.RowOf(job) == row).All(running.Contains);
            var fits = running.SelectMany(job => here[job]).GroupBy(column => column).All(column => column.Count() == 1);

            // Nobody is left out for whom there would be room.
            var busy = running.SelectMany(job => here[job]).ToHashSet();
            var full = here.All(job => running.Contains(job.Key) || job.Value.Any(busy.Contains));
            if (!own || !fits || !full)
                return false;
        }

        return keep && apart && used && matrix.Rows <= matrix.MaxRows;
    }
}
