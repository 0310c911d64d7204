"""What is to be done: jobs of known length, and what no scheduler can beat."""

import random


def lengths(count, total, seed, sigma=1.0):
    """CPU seconds of jobs, log-normal, so that a few are most of the work; together `total`."""
    law = random.Random(seed)
    raw = [law.lognormvariate(0, sigma) for _ in range(count)]
    return [total * length / sum(raw) for length in raw]


def fluid_limit(work, speeds):
    """Total work over total capacity."""
    return sum(work) / sum(speeds)


def attainable_limit(work, speeds):
    """The shortest makespan with free moves and all lengths known: one job uses one machine at a time, so the k longest need the k fastest machines
    (Horvath, Lam, Sethi 1977)."""
    longest, fastest = sorted(work, reverse=True), sorted(speeds, reverse=True)
    return max([fluid_limit(work, speeds)] + [sum(longest[:k]) / sum(fastest[:k]) for k in range(1, min(len(work), len(speeds)))])


def equal_share_makespan(work, speeds):
    """The makespan when all jobs present get equal parts of what all machines together can give them: free moves, lengths unknown."""
    left, fastest, now, done = sorted(work), sorted(speeds, reverse=True), 0.0, 0.0
    for i, length in enumerate(left):
        jobs = len(left) - i
        rate = sum(fastest[:min(jobs, len(fastest))])
        now += (length - done) * jobs / rate
        done = length
    return now


def one_at_a_time_makespan(work, speeds, after, slower):
    """The makespan when each machine takes the next job of the list when it is free, the fastest first, and keeps it; from the moment `after` on the speeds are `slower`. No cost of anything."""
    free = [0.0] * len(speeds)
    for length in work:
        i = min(range(len(speeds)), key=lambda i: (free[i], -speeds[i]))
        full = max(0.0, after - free[i]) * speeds[i]
        free[i] = free[i] + length / speeds[i] if length <= full else max(free[i], after) + (length - full) / slower[i]
    return max(free)


def equal_shares_makespan(work, speeds, after, slower):
    """`equal_share_makespan` when the speeds are `slower` from the moment `after` on."""
    left, now, done = sorted(work), 0.0, 0.0
    for i, length in enumerate(left):
        jobs = len(left) - i
        need = (length - done) * jobs
        before, later = (sum(sorted(which, reverse=True)[:min(jobs, len(which))]) for which in (speeds, slower))
        full = max(0.0, after - now) * before
        now = now + need / before if need <= full else max(now, after) + (need - full) / later
        done = length
    return now


def oldest_first_makespan(work, speeds, after, slower):
    """The makespan when the oldest job has the fastest machine, the next one the next, and the others wait: free moves, lengths unknown. From the moment `after` on the speeds are `slower`."""
    # Who has the faster machine stays the older one, so that the order never changes.
    left, now = list(work), 0.0
    while left:
        rates = sorted(speeds if now < after else slower, reverse=True)
        served = list(zip(left, rates))
        step = min(length / rate for length, rate in served)
        if now < after:
            step = min(step, after - now)
        now += step
        left = [length - rate * step for length, rate in served] + left[len(rates):]
        left = [length for length in left if length > 1e-9]
    return now
