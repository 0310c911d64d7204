using System.Diagnostics;
using Isobar.Balancing.Consideration;
using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.World;
using Isobar.Simulation.Workloads;
var path="/work/shared/traces/unix-processes-6.csv";
var none=new Profile(new ProfileSettings{Name="none",Dissemination=new("oracle")});
var hbd=new Profile(new ProfileSettings{Name="hbd",Dissemination=new("oracle"),OnArrival=true,Rules=[new("lifetime")]});
var all=ProcessTrace.ReadRuns(path).Values.ToArray();
var sc=TraceReplay.Scenario1996;
void Show(string l, Func<int,(double,double,int,long)> f){var rs=Enumerable.Range(0,6).Select(f).ToArray();
 Console.WriteLine(l+" "+string.Join(" ",rs.Select(r=>r.Item1.ToString("0.000")))+" | "+string.Join(" ",rs.Select(r=>r.Item2.ToString("0.000")))+" | "+rs.Max(r=>r.Item3)+" "+rs.Sum(r=>r.Item4));}
(double,double,int,long) R(int r,Profile p,Scenario s,Func<int,IReadOnlyList<ConsiderationRule>>? ex=null){var x=new ClusterSimulation(all[r],p,s,null,ex).Run();return (x.MeanSlowdown,x.MeanDelay,x.MostMoves,x.Moves+x.Placements);}
var sw=Stopwatch.StartNew();
Show("none",r=>R(r,none,sc)); Console.WriteLine(sw.Elapsed);
var names=TraceReplay.LongLivedPrograms(all,15,50);
Show("names",r=>R(r,none,sc,_=>[new NamesRule(names)]));
Show("oracle",r=>R(r,none,sc with{KnownDemand=true},_=>[new OracleRule()]));
foreach(var seed in new ulong[]{1,2,3}) Show("hbd",r=>R(r,hbd,sc with{Seed=seed}));
var mod=new Profile(hbd.Settings with{Rules=[new StageSettings("lifetime").With("residence",5)]});
Show("modern",r=>R(r,mod,TraceReplay.ScenarioModern));
double A(Profile p,Scenario s){var rs=Enumerable.Range(0,6).Select(r=>new ClusterSimulation(all[r],p,s).Run()).ToArray();Console.WriteLine($"avg {rs.Sum(x=>x.MeanSlowdown*x.Processes)/rs.Sum(x=>x.Processes):0.0000} {rs.Sum(x=>x.MeanDelay*x.Processes)/rs.Sum(x=>x.Processes):0.0000}");return 0;}
A(mod,TraceReplay.ScenarioModern);
var free=new Profile(hbd.Settings with{OnNews=true,OnDeparture=true,Rules=[new StageSettings("lifetime").With("periodic",1).With("movesAtOnce",100)]});
A(free,TraceReplay.ScenarioModern with{Costs=new MoveCosts{FixedSeconds=0,BytesPerSecond=1e18},Topology=new(){Latency=0}});
Console.WriteLine(sw.Elapsed);
