using Isobar.Balancing.Profiles;
using Isobar.Simulation.Experiments;
using Isobar.Simulation.World;
using Isobar.Simulation.Workloads;
var path="/work/shared/traces/unix-processes-6.csv";
var all=ProcessTrace.ReadRuns(path).Values.Where((_,i)=>i%2==0||Environment.GetEnvironmentVariable("ALL")!=null).ToArray();
void Run(string label, ProfileSettings s){
 var p=new Profile(s);
 Console.Write($"{label,-40}");
 foreach(var sc in new[]{TraceReplay.Scenario1996,TraceReplay.ScenarioModern}){
  var list=all.AsParallel().WithDegreeOfParallelism(2).Select(w=>new ClusterSimulation(w,p,sc).Run()).ToArray();
  var tot=list.Sum(x=>x.Processes);
  Console.Write($"sd {list.Sum(x=>x.MeanSlowdown*x.Processes)/tot:0.000} d {list.Sum(x=>x.MeanDelay*x.Processes)/tot:0.000} max {list.Max(x=>x.MostMoves),2} mv {list.Sum(x=>x.Moves),5} pl {list.Sum(x=>x.Placements),5} rf {list.Sum(x=>x.Refusals),5} age {list.Average(x=>x.InformationAge):0.00} st {list.Average(x=>x.StaleShare):0.00} wr {list.Average(x=>x.WrongShare):0.00} B {list.Average(x=>x.LoadBytesPerNodeSecond):0} | ");
 }
 Console.WriteLine();
}
var b=ProfileReader.Load("isobar").Settings;
ProfileSettings W(ProfileSettings s,params string[] sets){ foreach(var x in sets){var kv=x.Split('=');var v=double.Parse(kv[1],System.Globalization.CultureInfo.InvariantCulture);var d=kv[0].Split('.');
 s = d[0] switch {"period"=>s with{PeriodSeconds=v},"onArrival"=>s with{OnArrival=v!=0},"onDeparture"=>s with{OnDeparture=v!=0},"onNews"=>s with{OnNews=v!=0},"load"=>s with{Load=s.Load.With(d[1],v)},"diss"=>s with{Dissemination=s.Dissemination.With(d[1],v)},"drop"=>s with{Rules=[..s.Rules.Where(r=>r.Policy!=d[1])]},
 _=>s with{Rules=[..s.Rules.Select(r=>r.Policy==d[0]?r.With(d[1],v):r)]}};} return s;}
foreach(var a in args) Run(a,W(b,a.Split(';',StringSplitOptions.RemoveEmptyEntries)));
