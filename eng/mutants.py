#!/usr/bin/python3
"""Whether a changed constant of Isobar.Balancing makes a test fail.

    eng/mutants.py [--jobs 2] [--only TEXT...] [--list] [--report FILE]

Works in a copy outside of the repository, with one build for nearly all mutants: every constant becomes a call that gives the constant, or another value when
the environment variable ISOBAR_MUTANT has its number. Then the tests of Isobar.Balancing run once per mutant: those of the same folder first, all of them if these
pass. A mutant is killed when a test fails, the program ends by an error or takes too long (a changed constant that makes a loop endless). Survivors are printed.

Constants are: the defaults of policy parameters; `const` numbers; numbers in formulas, positions in messages and the like (not 0, and 1 only as an operand, not
beside an index or a count); and in the shipped profiles every number, switch, policy, scope and way of moving. Not changed are the bounds of parameters, the numbers of
enum members, and texts. Numbers that C# wants constant (patterns, default arguments) have a build of their own each.

A number x becomes 1.5 x + 0.1, a whole one trunc(1.5 x) + 1, both kept inside of a parameter's bounds; a switch is turned; a policy becomes another one.
EQUIVALENT below names the constants that no test can see, since they change only speed or memory, with the reason.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = "src/Isobar.Balancing"
TESTS = "tests/Isobar.Balancing.Tests"
COPIED = ["Directory.Build.props", "Directory.Packages.props", "global.json", "isobar.slnx", ".editorconfig", "tests/Directory.Build.props", "docs", SOURCE, TESTS]

# (file, changed text, part of the line, reason)
EQUIVALENT = [
    ("Consideration/Plan.cs", "4", "new PlannedAction[4]", "first capacity of an array that grows"),
    ("Consideration/Plan.cs", "2", "Array.Resize", "how fast an array grows"),
    ("Dissemination/ClusterView.Charges.cs", "4", "new Charge[4]", "first capacity of an array that grows"),
    ("Dissemination/ClusterView.Charges.cs", "2", "Array.Resize", "how fast an array grows"),
    ("Dissemination/ClusterView.cs", "2", "Grow(", "how fast an array grows"),
    ("Dissemination/ClusterView.cs", "2", "Linear * 2", "first capacity of a dictionary that grows"),
    ("Dissemination/UrgentList.cs", "2", "Array.Resize", "how fast an array grows up to its limit"),
    ("Dissemination/Star.cs", "16", "new LoadEntry[", "spare capacity of a buffer"),
    ("Dissemination/Hierarchical.cs", "8", "new LoadEntry[", "spare capacity of a buffer"),
    ("Dissemination/Gossip.cs", "64", "OnStack", "above it a window lies on the heap, with the same content"),
    ("Dissemination/Piggyback.cs", "64", "OnStack", "above it a list lies on the heap, with the same content"),
    ("Dissemination/Gossip.cs", "1", "new ClusterView(", "capacity for a node that is alone and hears of nobody"),
    ("Dissemination/NoDissemination.cs", "1", "new ClusterView(", "capacity for a node that is alone and hears of nobody"),
    ("Dissemination/NoDissemination.cs", "3600", "PeriodSeconds", "how often nothing is done"),
    ("Consideration/Balance/LifetimeRule.Settings.cs", "1000", "MaxSpeed", "a larger bound leaves out fewer jobs early, which are then left out by the criterion"),
    ("Consideration/Balance/RbtRule.cs", "1e-9", "Math.Floor", "own levels are whole numbers of tasks but for rounding"),
    ("Consideration/Owners/OwnerHours.cs", "24", "hour is", "the sum of minutes is bounded too"),
    ("Consideration/Owners/OwnerHours.cs", "7", "int day = first", "days from 7 on are never asked for"),
    ("Consideration/Owners/ReclaimRule.cs", "1", "byte.MaxValue + 1", "any number above a byte"),
]

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|\$*"""(?:.|\n)*?"""|\$"(?:\\.|\{[^{}"]*(?:"[^"]*"[^{}"]*)*\}|[^"\\])*"|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\''
    r"|(?<![\w.])(?:0x[0-9A-Fa-f_]+|0b[01_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)(?:[uU]?[lL]?|[fFdD])\b",
    re.S)
INDEX = re.compile(r"(?:\b(?:i|j|k|at|own|pick|index|count|place|child|target|middle|extra|low|high|rows?|size|news)|Count|Length|_next|_position|News|step) [+-] $", re.I)
CONSTANT = re.compile(r"^( +)((?:public |private |internal )?)const (int|double|byte|float|long) (\w+) = ([^;]+);", re.M)
PARAMETER = re.compile(r'PolicyParameter\.(Number|Whole|Switch)\("\w+", ')

SWITCH = """namespace Isobar.Balancing;

internal static class Mutant
{
    private static readonly int Number = int.TryParse(System.Environment.GetEnvironmentVariable("ISOBAR_MUTANT"), out int number) ? number : -1;
    private static readonly string[] Json = (System.Environment.GetEnvironmentVariable("ISOBAR_MUTANT_PROFILE") ?? "").Split('|');

    public static int Of(int mutant, int value) => mutant != Number ? value : (int)(value * 1.5) + 1;
    public static uint Of(int mutant, uint value) => mutant != Number ? value : value + (value >> 1) + 1;
    public static long Of(int mutant, long value) => mutant != Number ? value : value + (value >> 1) + 1;
    public static ulong Of(int mutant, ulong value) => mutant != Number ? value : value + (value >> 1) + 1;
    public static float Of(int mutant, float value) => mutant != Number ? value : value * 1.5f + 0.1f;
    public static double Of(int mutant, double value) => mutant != Number ? value : value * 1.5 + 0.1;
    public static byte Of(int mutant, byte value) => mutant != Number ? value : (byte)(value * 1.5 + 1);
    public static bool Of(int mutant, bool value) => mutant != Number ? value : !value;

    public static double In(int mutant, double value, double min, double max)
    {
        if (mutant != Number)
            return value;
        double more = value * 1.5 + 0.1;
        return more <= max ? more : System.Math.Max(min, value * 0.6);
    }

    public static int In(int mutant, int value, int min, int max)
    {
        if (mutant != Number)
            return value;
        int more = (int)(value * 1.5) + 1;
        return more <= max ? more : System.Math.Max(min, value - 1);
    }

    public static System.IO.Stream? Profile(string name, System.IO.Stream? stream)
    {
        if (Json[0] != name || stream is null)
            return stream;
        string text = new System.IO.StreamReader(stream).ReadToEnd();
        int at = int.Parse(Json[1]);
        return new System.IO.MemoryStream(System.Text.Encoding.UTF8.GetBytes(text[..at] + Json[3] + text[(at + int.Parse(Json[2]))..]));
    }
}
"""


@dataclasses.dataclass
class Mutant:
    number: int
    file: str
    line: int
    old: str
    text: str
    first: str
    profile: str = ""  # what ISOBAR_MUTANT_PROFILE says
    rebuild: tuple = ()  # start, end, new text
    result: str = ""


def more(text):
    """The mutation, for what is changed as text."""
    value = float(text)
    if value >= 1000:
        return str(int(value) // 2)
    return str(int(value * 1.5) + 1) if value == int(value) else repr(round(value * 1.5 + 0.1, 6))


def argument(text, start):
    """The end of an argument that begins at start: a comma or bracket outside of brackets."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}" and depth > 0:
            depth -= 1
        elif text[i] in ",)" and depth == 0:
            return i
    raise ValueError(text[start:start + 80])


def blocks(text, head):
    """Ranges of the blocks in braces after a head such as "enum X"."""
    for match in re.finditer(head, text):
        start = text.index("{", match.end())
        yield match.start(), text.index("}", start)


def is_neutral(text, match):
    """0, and 1 where it is not an operand of a formula."""
    literal = match.group()
    if literal in ("0", "0u", "0f", "0.0"):
        return True
    if literal not in ("1", "1.0"):
        return False
    before, after = text[text.rfind("\n", 0, match.start()) + 1:match.start()], text[match.end():match.end() + 4]
    bracket = before.rfind("[")
    if bracket >= 0 and "]" not in before[bracket:]:
        return True
    if re.search(r'(?:Declare\((?:[\d.]+, )?|", )$', before):
        return False
    operand = re.search(r"(?:[-+*/<>]=? |Math\.(?:Max|Min)\()$", before) or re.match(r" [-+*/] ", after)
    return not operand or bool(INDEX.search(before))


class Sources:
    """The copy of the sources, with a call for each constant."""

    def __init__(self, root):
        self.root = root
        self.mutants = []
        self.first = 0

    def new(self, file, text, start, old, **more_fields):
        line = text.count("\n", 0, start)
        part = file.relative_to(self.root / SOURCE).parts[0]
        first = "Profiles" if more_fields.pop("declared", False) else part if "." not in part else ""
        mutant = Mutant(len(self.mutants), str(file.relative_to(self.root)), line + 1, old, text.split("\n")[line].strip(), first, **more_fields)
        self.mutants.append(mutant)
        return mutant.number

    def code(self, file):
        text = file.read_text(encoding="utf-8")
        edits, covered = [], []
        for match in PARAMETER.finditer(text):
            end = argument(text, match.end())
            old = text[match.end():end]
            close = argument(text, end + 2)
            limits = "" if match[1] == "Switch" else ", " + text[end + 2:close] + ", " + text[close + 2:argument(text, close + 2)]
            number = self.new(file, text, match.end(), old, declared=True)
            edits.append((match.end(), end, f"Mutant.{'Of' if match[1] == 'Switch' else 'In'}({number}, {old}{limits})"))
            covered.append((match.start(), argument(text, match.end() if match[1] == "Switch" else close + 2)))
        for match in CONSTANT.finditer(text):
            indent, access, kind, name, value = match.groups()
            local = "" if len(indent) > 4 else access + "static readonly "
            default = re.search(rf" = (?:\w+\.)?{name}\)", text)
            covered.append(match.span())
            if default:
                edit = (match.start(5), match.end(5), more(value))
                self.new(file, text, match.start(), value, rebuild=edit)
            else:
                number = self.new(file, text, match.start(), value)
                edits.append((match.start(), match.end(), f"{indent}{local}{kind} {name} = Mutant.Of({number}, ({kind})({value}));"))
        covered += blocks(text, r"\benum \w+")
        for match in TOKEN.finditer(text):
            if not match.group()[0].isdigit() or any(a <= match.start() < b for a, b in covered) or is_neutral(text, match):
                continue
            before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
            if re.search(r"\b(?:is|and|or) (?:[<>]=? )?$", before) or text[match.end():match.end() + 4] == " => ":
                self.new(file, text, match.start(), match.group(), rebuild=(match.start(), match.end(), more(match.group())))
            else:
                number = self.new(file, text, match.start(), match.group())
                # A factor of a ulong is one too: as an int constant it is converted, as an int it is not.
                suffix = "UL" if before.endswith("* ") and "ulong " in before and match.group().isdigit() else ""
                edits.append((match.start(), match.end(), f"Mutant.Of({number}, {match.group()}{suffix})"))
        return text, edits

    def change(self):
        """Puts the calls in; the mutants that need a build of their own get their places in the changed text."""
        for file in sorted((self.root / SOURCE).rglob("*.cs")):
            before = len(self.mutants)
            text, edits = self.code(file)
            changed, moved = text, sorted(edits, reverse=True)
            for start, end, new in moved:
                changed = changed[:start] + new + changed[end:]
            for mutant in self.mutants[before:]:
                if mutant.rebuild:
                    start, end, new = mutant.rebuild
                    shift = sum(len(n) - (e - s) for s, e, n in edits if e <= start)
                    mutant.rebuild = (start + shift, end + shift, new)
            if file.name == "ProfileReader.cs":
                changed = changed.replace("using Stream? stream = typeof", "using Stream? stream = Mutant.Profile(name, typeof")
                changed = changed.replace("(ResourcePrefix + name)\n", "(ResourcePrefix + name))\n")
            file.write_text(changed, encoding="utf-8")
        for file in sorted((self.root / SOURCE).rglob("*.json")):
            self.profile(file)
        (self.root / SOURCE / "Mutant.cs").write_text(SWITCH, encoding="utf-8")

    def profile(self, file):
        text = file.read_text(encoding="utf-8")
        stages = r'(?P<head>"load": |"dissemination": |^ +)\{ "policy": "(?P<policy>[\w-]+)".*?\}'
        for match in re.finditer(stages, text, re.M):
            other = {"load": "mosix" if match["policy"] == "mean" else "mean", "dissemination": "pull" if match["policy"] == "broadcast" else "broadcast"}.get(
                match["head"].strip(' ":'), "random" if match["policy"] == "none" else "none")
            self.json(file, text, match.start() + len(match["head"]), match.end(), match["policy"], f'{{ "policy": "{other}" }}')
        for match in re.finditer(r': (?P<value>-?\d+(?:\.\d+)?|true|false|"(?:central|each-node|eager|lazy|checkpoint|none)"(?=,?$))', text, re.M):
            value = match["value"]
            other = {"true": "false", "false": "true", '"central"': '"each-node"', '"each-node"': '"central"', '"eager"': '"none"'}.get(value)
            other = other or ('"eager"' if value[0] == '"' else more(value))
            self.json(file, text, match.start("value"), match.end("value"), value, other)

    def json(self, file, text, start, end, old, new):
        number = self.new(file, text, start, old, profile=f"{file.stem}|{start}|{end - start}|{new}", declared=True)
        self.mutants[number].text = f"{old} -> {new}"


def build(root):
    command = ["dotnet", "build", str(root / TESTS), "-c", "Release", "-v", "q", "--nologo", "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false",
               "-p:EnforceCodeStyleInBuild=false", "-p:GenerateDocumentationFile=false", "-p:NoWarn=CS1591%3BCS0162%3BCS8600", "-nodeReuse:false", "-p:UseSharedCompilation=false"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    if done.returncode != 0:
        sys.exit("The copy with the mutants does not build:\n" + "\n".join(x for x in done.stdout.splitlines() if "error" in x)[:4000])


def run(root, mutant, limit, namespace=""):
    """How the tests ended: "" when all passed."""
    program = root / TESTS / "bin/Release/net10.0" / pathlib.Path(TESTS).name
    environment = os.environ | {"ISOBAR_MUTANT": str(mutant.number), "ISOBAR_MUTANT_PROFILE": mutant.profile, "DOTNET_GCHeapHardLimit": "0x60000000", "DOTNET_TieredPGO": "0"}
    command = [str(program), "-noLogo", "-noColor", "-stopOnFail"] + (["-namespace", f"Isobar.Balancing.Tests.{namespace}"] if namespace else [])
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return "too slow"
    if done.returncode == 0:
        return ""
    failed = re.search(r"^ *(\S.*?) \[FAIL\]", done.stdout, re.M)
    return failed[1] if failed else f"status {done.returncode}"


def judge(root, mutant, limit):
    mutant.result = (run(root, mutant, limit, mutant.first) if mutant.first else "") or run(root, mutant, limit)
    if mutant.result == "too slow":  # or the machine was busy with something else
        mutant.result = run(root, mutant, 4 * limit)
    return mutant


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="test programs at a time")
    parser.add_argument("--only", nargs="+", default=[""], help="only mutants whose FILE:LINE: SOURCE contains one of these")
    parser.add_argument("--list", action="store_true", help="list the mutants, build and run nothing")
    parser.add_argument("--report", help="a file for every mutant and what killed it")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="isobar-mutants-") as folder:
        root = pathlib.Path(folder)
        for name in COPIED:
            source, target = ROOT / name, root / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("bin", "obj"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        sources = Sources(root)
        sources.change()
        chosen = [m for m in sources.mutants if any(part in f"{m.file}:{m.line}: {m.text}" for part in options.only)]
        if options.list:
            for m in chosen:
                print(f"{m.number}\t{m.file}:{m.line}\t{m.old}\t{'own build' if m.rebuild else ''}\t{m.text}")
            return 0

        build(root)
        start = time.monotonic()
        failed = run(root, Mutant(-1, "", 0, "", "", ""), 600)
        if failed:
            sys.exit(f"Without a mutant the tests do not pass ({failed}): correct that first.")
        limit = 20 + 5 * (time.monotonic() - start)
        print(f"{len(chosen)} mutants of {len(sources.mutants)}; all tests take {time.monotonic() - start:.0f} s", flush=True)

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for done, mutant in enumerate(pool.map(lambda m: judge(root, m, limit), [m for m in chosen if not m.rebuild]), 1):
                if done % 50 == 0:
                    print(f"  {done} after {time.monotonic() - start:.0f} s", flush=True)
        for mutant in [m for m in chosen if m.rebuild]:
            file = root / mutant.file
            text = file.read_text(encoding="utf-8")
            begin, end, new = mutant.rebuild
            file.write_text(text[:begin] + new + text[end:], encoding="utf-8")
            build(root)
            judge(root, mutant, limit)
            file.write_text(text, encoding="utf-8")

    if options.report:
        pathlib.Path(options.report).write_text(
            "".join(f"{m.file}:{m.line}\t{m.old}\t{m.result or 'SURVIVED'}\t{m.text}\n" for m in chosen), encoding="utf-8")
    survivors = [m for m in chosen if not m.result]
    excused = [m for m in survivors if any(m.file.endswith(file) and m.old == old and part in m.text for file, old, part, _ in EQUIVALENT)]
    for m in survivors:
        print(f"{'equivalent' if m in excused else 'SURVIVED'}  {m.file}:{m.line}: {m.old}: {m.text}")
    print(f"{len(chosen)} mutants: {len(chosen) - len(survivors)} killed, {len(survivors) - len(excused)} survived, {len(excused)} equivalent "
          f"({time.monotonic() - start:.0f} s)")
    return 1 if len(survivors) > len(excused) else 0


if __name__ == "__main__":
    sys.exit(main())
