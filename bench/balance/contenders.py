"""Ways to run a list of jobs that are handed in on one host. Each returns what is known of every job: when it began, when it ended, where it was.

A list of jobs is [(name, thousand rounds, megabytes), ...]; times are Unix times.
"""

import datetime
import os
import subprocess
import threading
import time

SSH_PORT = 2222
SSH = ("ssh -F none -p {port} -i {work}/user -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR")
PATIENCE = 1800


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Outcome:
    """Of one contender: when the first job was handed in, and for each job (start, spells [(begin, end, host)], end);
    Unix times, but spells count from the beginning."""

    def __init__(self, name, began, jobs, moves=(), notes=()):
        self.name, self.began, self.jobs, self.moves, self.notes = name, began, jobs, list(moves), list(notes)

    @property
    def makespan(self):
        return max(end for _, _, end in self.jobs.values()) - self.began


class Contender:
    """What happens while it runs is begun by `meanwhile(hosts, began)`, in a thread of its own."""

    meanwhile = None

    def begin(self, hosts):
        began = time.time()
        if self.meanwhile:
            threading.Thread(target=self.meanwhile, args=(hosts, began), daemon=True).start()
        return began


class Isobar(Contender):
    """isobar run; with profile local nothing moves and all stay where they were started."""

    def __init__(self, name="isobar", profile=None):
        self.name, self.profile = name, profile

    def run(self, hosts, program, jobs, home):
        hosts.know_each_other()
        if self.profile is not None:
            hosts.ask(home, "isobar", "config", "set", "profile", self.profile)
            time.sleep(2)
        time.sleep(3)
        began = self.begin(hosts)
        lines = "\n".join(f"isobar run --detach --name {name} {program} {name} {rounds} {megabytes}" for name, rounds, megabytes in jobs)
        submit = hosts.start(home, "sh", "-c", lines)
        submit.wait(PATIENCE)
        names = {name for name, _, _ in jobs}
        until = time.monotonic() + PATIENCE
        while True:
            # Asking costs the hosts something, so it is done when there is little else going on there.
            hosts.wait_for_quiet(until)
            listing = [job for job in hosts.json(home, "isobar", "ps", "-a") if job.get("name") in names]
            if len(listing) == len(jobs) and all(job["state"] in ("Done", "Lost") for job in listing):
                break
            if time.monotonic() > until:
                raise RuntimeError(f"not all jobs ended: {listing}")
        return self.outcome(hosts, home, began, listing)

    def outcome(self, hosts, home, began, listing):
        jobs, moves, notes = {}, [], []
        for job in listing:
            name = job["name"]
            words = hosts.ask(home, "isobar", "logs", job["id"]).split()
            if job["state"] != "Done" or job.get("exitCode") != 0 or len(words) != 4 or words[0] != name:
                notes.append(f"{name} ended as {job['state']} {job.get('exitCode')} {job.get('reason') or ''}")
            start, end = (float(words[1]), float(words[2])) if len(words) == 4 else (began, instant(job["ended"]))
            ledger = hosts.json(home, "isobar", "moves", job["id"])
            place, since, spells = ledger[0]["from"] if ledger else job["node"], start - began, []
            for move in ledger:
                moves.append((name, move))
                if not move["committed"]:
                    continue
                finished = instant(move["when"]) - began + move["totalSeconds"]
                spells.append((since, finished - move["freezeSeconds"], place))
                place, since = move["to"], finished
            spells.append((since, end - began, place))
            jobs[name] = (start, spells, end)
        return Outcome(self.name, began, jobs, moves, notes)


def parse_lines(name, began, text, jobs, host_of):
    """The jobs' own lines, "NAME START END CHECKSUM" with the host before."""
    done = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) != 5:
            continue
        host, job, start, end = words[0], words[1], float(words[2]), float(words[3])
        done[job] = (start, [(0.0, start - began, None), (start - began, end - began, host_of(host))], end)
    missing = [job for job, _, _ in jobs if job not in done]
    return Outcome(name, began, done, notes=[f"{job} did not end" for job in missing])


class Parallel(Contender):
    """GNU parallel over ssh: so many jobs at a time on each host, the next as soon as one ends."""

    def __init__(self, at_once, work):
        self.name, self.at_once, self.work = f"GNU parallel -j{at_once}", at_once, work

    def run(self, hosts, program, jobs, home):
        servers = [serve_ssh(hosts, host, self.work) for host in hosts.names]
        try:
            time.sleep(2)
            ssh = SSH.format(port=SSH_PORT, work=self.work)
            logins = ",".join(f"{self.at_once}/{ssh} root@{host}" for host in hosts.names)
            arguments = "\n".join(f"{name} {rounds} {megabytes}" for name, rounds, megabytes in jobs)
            for host in hosts.names:
                hosts.ask(home, "sh", "-c", f"{ssh} root@{host} true")
            began = self.begin(hosts)
            text = hosts.ask(
                home, "sh", "-c",
                f"mkdir -p ~/.parallel /tmp/home/.parallel; export HOME=/tmp/home; echo '{arguments}' | parallel --will-cite --colsep ' ' -S '{logins}' "
                f"'echo $(hostname) $({program} {{1}} {{2}} {{3}})'",
                timeout=PATIENCE)
            return parse_lines(self.name, began, text, jobs, lambda host: host)
        finally:
            for server in servers:
                server.terminate()
                server.wait(10)


def serve_ssh(hosts, host, work):
    with open(f"{work}/user.pub") as key:
        public = key.read().strip()
    hosts.ask(host, "sh", "-c", f"mkdir -p /run/sshd /tmp/ssh && cp {work}/host /tmp/ssh/ && echo '{public}' > /tmp/ssh/keys && chmod 600 /tmp/ssh/*")
    return subprocess.Popen(hosts.exec(
        host, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", str(SSH_PORT), "-h", "/tmp/ssh/host", "-o", "AuthorizedKeysFile=/tmp/ssh/keys",
        "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PermitRootLogin=prohibit-password", "-o", "MaxStartups=100"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


SLURM = """ClusterName=bench
SlurmctldHost={home}
SlurmUser=root
AuthType=auth/munge
CryptoType=crypto/munge
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
StateSaveLocation=/var/lib/slurm-ctld
SlurmdSpoolDir=/var/lib/slurm-d
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurmctld.log
SlurmdLogFile=/var/log/slurmd.log
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
{nodes}
PartitionName=all Nodes={all} Default=YES MaxTime=INFINITE State=UP
"""


class Slurm(Contender):
    """Slurm of Debian: sbatch on one host, one job at a time on each, the fastest host first."""

    def __init__(self, work):
        self.name, self.work = "Slurm", work

    def run(self, hosts, program, jobs, home):
        self.set_up(hosts, home)
        until = time.monotonic() + 60
        while True:
            states = hosts.ask(home, "sinfo", "-h", "-N", "-o", "%N %T", check=False).split()
            if states.count("idle") == len(hosts.names):
                break
            if time.monotonic() > until:
                raise RuntimeError(f"Slurm's nodes do not come up: {states} " + hosts.ask(home, "tail", "-n", "3", "/var/log/slurmctld.log", check=False))
            time.sleep(1)
        hosts.ask(home, "mkdir", "-p", "/tmp/out")
        for host in hosts.names:
            hosts.ask(host, "mkdir", "-p", "/tmp/out")
        began = self.begin(hosts)
        lines = "\n".join(
            f"sbatch -Q -J {name} -n1 -D /tmp -o /tmp/out/{name} --wrap 'echo $(hostname) $({program} {name} {rounds} {megabytes})'" for name, rounds, megabytes in jobs)
        hosts.ask(home, "sh", "-c", lines, timeout=PATIENCE)
        until = time.monotonic() + PATIENCE
        while hosts.ask(home, "squeue", "-h").strip():
            if time.monotonic() > until:
                raise RuntimeError("Slurm did not end all jobs")
            time.sleep(2)
        text = "".join(hosts.ask(host, "sh", "-c", "cat /tmp/out/* 2> /dev/null || true") for host in hosts.names)
        return parse_lines(self.name, began, text, jobs, lambda host: host)

    def set_up(self, hosts, home):
        fastest = sorted(hosts.names, key=lambda host: -hosts.cores[host])
        nodes = "\n".join(f"NodeName={host} CPUs=1 RealMemory=900 Weight={fastest.index(host) + 1} State=UNKNOWN" for host in hosts.names)
        with open(f"{self.work}/slurm.conf", "w") as file:
            file.write(SLURM.format(home=home, nodes=nodes, all=",".join(hosts.names)))
        for host in hosts.names:
            hosts.ask(
                host, "sh", "-c",
                f"mkdir -p /etc/slurm /etc/munge /run/munge /var/lib/munge /var/log/munge /var/lib/slurm-ctld /var/lib/slurm-d; cp {self.work}/slurm.conf /etc/slurm/; "
                f"cp {self.work}/munge.key /etc/munge/munge.key; chown -R root:root /etc/munge /run/munge /var/lib/munge /var/log/munge; chmod 700 /etc/munge /var/lib/munge /var/log/munge; "
                "chmod 755 /run/munge; chmod 400 /etc/munge/munge.key; setsid --fork munged --force < /dev/null > /var/log/munged.out 2>&1")
        time.sleep(1)
        hosts.ask(home, "sh", "-c", "setsid --fork slurmctld < /dev/null > /var/log/slurmctld.out 2>&1")
        time.sleep(2)
        for host in hosts.names:
            hosts.ask(host, "sh", "-c", f"setsid --fork slurmd -N {host} < /dev/null > /var/log/slurmd.out 2>&1")


def make_keys(work):
    """Keys for ssh and munge."""
    for name in ("host", "user"):
        if not os.path.exists(f"{work}/{name}"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{work}/{name}"], check=True)
    with open(f"{work}/munge.key", "wb") as key:
        key.write(os.urandom(1024))
    os.chmod(f"{work}/munge.key", 0o600)
