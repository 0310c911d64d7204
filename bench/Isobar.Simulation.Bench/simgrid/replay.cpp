// The processor-sharing replay of a process trace on SimGrid: standard input has the number of hosts, then "arrival host cpu" lines.
// Prints the mean slowdown and the seconds that the engine ran. Built and run by the "scale" result.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>
#include <simgrid/s4u.hpp>

namespace sg4 = simgrid::s4u;

struct Job {
  double arrival;
  int host;
  double cpu;
};

int main(int argc, char** argv)
{
  // Work in giga-operations on hosts of 1 Gf/s, since the engine rounds amounts, not ratios.
  sg4::Engine engine(&argc, argv);
  int hosts = 0;
  if (std::scanf("%d", &hosts) != 1)
    return 1;
  std::vector<Job> jobs;
  for (Job job; std::scanf("%lf %d %lf", &job.arrival, &job.host, &job.cpu) == 3;)
    jobs.push_back(job);
  auto* zone = sg4::create_full_zone("cluster");
  std::vector<sg4::Host*> machines;
  for (int i = 0; i < hosts; i++)
    machines.push_back(zone->create_host("h" + std::to_string(i), 1e9));
  zone->seal();
  std::vector<sg4::ExecPtr> running(jobs.size());
  sg4::Actor::create("dispatcher", machines[0], [&] {
    for (size_t i = 0; i < jobs.size(); i++) {
      sg4::this_actor::sleep_until(jobs[i].arrival);
      running[i] = sg4::Exec::init();
      running[i]->set_flops_amount(jobs[i].cpu * 1e9)->set_host(machines[jobs[i].host])->start();
    }
    for (auto& one : running)
      one->wait();
  });
  auto before = std::chrono::steady_clock::now();
  engine.run();
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  double sum = 0;
  for (size_t i = 0; i < jobs.size(); i++)
    sum += (running[i]->get_finish_time() - jobs[i].arrival) / jobs[i].cpu;
  std::printf("%.9f %.6f\n", sum / jobs.size(), took.count());
  return 0;
}
