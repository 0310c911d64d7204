using Isobar.Simulation.Bench;

// One command for each result under docs/results: dotnet run -c Release --project bench/Isobar.Simulation.Bench -- NAME
var exhibits = Exhibits.All;
var names = args.Length == 0 || args[0] is "--help" or "-h" ? [] : args[0] == "all" ? exhibits.Select(exhibit => exhibit.Name).ToArray() : args;
if (names.Length == 0)
{
    Console.WriteLine("Results of the simulator; give one or more of these names, or all:");
    foreach (var exhibit in exhibits)
        Console.WriteLine($"  {exhibit.Name,-16} {exhibit.Title}");

    return 0;
}

foreach (var name in names)
{
    var exhibit = exhibits.FirstOrDefault(one => one.Name == name);
    if (exhibit is null)
    {
        Console.Error.WriteLine($"There is no result {name}; there are {string.Join(", ", exhibits.Select(one => one.Name))}.");
        return 1;
    }

    var page = new ExhibitPage(exhibit);
    await exhibit.Make(page);
    page.Write();
}

return 0;
