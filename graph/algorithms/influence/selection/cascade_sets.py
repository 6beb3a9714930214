"""Reverse-reachable sets of the independent cascade, up to 64 of them walked side by side.

A single walk waits at every step for what the last one brought, and no processor foresees how many ties carry. So the
sets of a group take turns in one queue: for a stretch of it first how many ties carry is drawn, then which ones, then
who of those is new. Who is in which sets of the group is one word a customer. The numbers of a set depend on its own
members alone: neither groups nor batches nor threads change a bit.
"""

import numpy as np
from numpy.typing import NDArray

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.selection.reverse_ties import LONGEST_RUN, Uint32
from graph.algorithms.influence.splitmix import STEP, mix, uniform, unit
from graph.algorithms.kernels import kernel

Uint8, Uint64 = NDArray[np.uint8], NDArray[np.uint64]
WIDEST = 64
"""Sets of a group: as many as a word has bits."""
LONG_QUEUE = 1 << 15
"""Beyond so many members a group is halved: a queue that leaves the cache is slower than short turns."""
STRETCH, FOUND = 128, 512
"""Runs that are drawn, and ties that carry, before the first of them is followed."""
ONE, TWO, THREE, HALF, LOW = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(32), np.uint64(0xFFFFFFFF)
WORD, THIRD = 4294967296.0, 1.0 / 3.0


@kernel
def sample_cascades(
    run_pointer: Uint32,
    run_start: Uint32,
    run_law: Float64,
    source: Uint32,
    probability: Float64,
    pass_on: Float64,
    most_ties: int,
    up_to: Float64,
    strata: float,
    place: int,
    enlisted: Bool,
    stream: np.uint64,
    first: int,
    steps: int,
    pointer: Int64,
    member: Uint32,
    visited: Uint64,
    who: Uint32,
    whose: Uint8,
    width: Int64,
) -> int:
    """Fill `pointer` and `member`; how many sets fitted. One kernel: in loops as short as these a call costs too much.

    `visited` is all 0 before and after. `who` and `whose`, a group's queue, have room for every customer. `width`, how
    many sets are in a group, is kept from call to call. All that counts places is unsigned: no index is wrapped.
    """
    state, within, sizes = np.empty(WIDEST, np.uint64), np.empty(WIDEST), np.empty(WIDEST, np.int64)
    jobs_most, found_most = STRETCH + most_ties, FOUND + most_ties
    job_run, job_slot = np.empty(jobs_most, np.uint32), np.empty(jobs_most, np.uint8)
    job_hits, job_word = np.empty(jobs_most, np.uint32), np.empty(jobs_most, np.uint64)
    found_who, found_slot = np.empty(found_most, np.uint32), np.empty(found_most, np.uint8)
    picked = np.empty(LONGEST_RUN, np.uint64)
    done, sets, room = 0, pointer.size - 1, np.uint64(who.size)
    weighty = np.searchsorted(up_to, place / strata, side="right") if up_to.size else 0
    while done < sets:
        many, before = min(width[0], sets - done), weighty
        met, fits = np.uint64(0), True
        for slot in range(many):
            state[slot] = mix(stream + np.uint64(first + done + slot))
            # How far into its own part of the weight a root lies is even over the sets: the first number that its walk
            # uses, and below 0 from then on.
            part = (place + done + slot + unit(state[slot])) / strata
            if up_to.size:
                while up_to[weighty] <= part:
                    weighty += 1
                root = np.uint32(weighty)
                below = up_to[weighty - 1] if weighty else 0.0
                within[slot] = (part - below) / (min(up_to[weighty], 1.0) - below)
            else:
                root = np.uint32(min(part * visited.size, visited.size - 1.0))
                within[slot] = part * visited.size - root
            who[slot], whose[slot], sizes[slot] = root, slot, 1
            visited[root] |= ONE << np.uint64(slot)
            met |= np.uint64(enlisted[root]) << np.uint64(slot)
        head, tail = np.uint64(0), np.uint64(many)
        roots, step, end = tail, 0, tail
        while head < tail and fits:
            if head == end:
                step += 1
                end = tail
            if step >= steps:
                break
            # How many ties of each run carry …
            jobs, carried = np.uint64(0), np.uint64(0)
            while head < end and jobs < np.uint64(STRETCH) and carried < np.uint64(FOUND):
                customer, slot, is_root = who[head], whose[head], head < roots
                head += ONE
                if (met >> np.uint64(slot)) & ONE:
                    continue
                now = np.uint64(state[slot])
                if pass_on[customer] < 1.0 and not is_root:
                    now += STEP
                    if uniform(now) >= pass_on[customer]:
                        state[slot] = now
                        continue
                for run in range(run_pointer[customer], run_pointer[customer + np.uint32(1)]):
                    none, odds, ties = run_law[run, 0], run_law[run, 1], run_law[run, 3]
                    size = np.uint64(np.int64(ties))
                    now += STEP
                    word = mix(now)
                    of_root = within[slot] >= 0.0 and none > 0.0
                    chance = within[slot] if of_root else unit(word)
                    # … by inverting the binomial distribution: up to three without a branch, one by one beyond …
                    one = none * odds * ties
                    two = one * odds * (ties - 1.0) * 0.5
                    hits = np.uint64(chance >= none) + np.uint64(chance >= none + one)
                    hits += np.uint64(chance >= none + one + two)
                    if hits == THREE and size > THREE:
                        chance -= none + one + two
                        share = two * odds * (ties - 2.0) * THIRD
                        while chance >= share and hits < size:
                            chance -= share
                            share *= odds * np.float64(size - hits) / np.float64(hits + ONE)
                            hits += ONE
                    hits = min(hits, size)
                    if of_root:
                        within[slot] = -1.0
                        if hits == ONE:
                            # What the count left of the root's number is as even: it picks the tie.
                            word = np.uint64(min((chance - none) / one * WORD, WORD - 1.0))
                    job_run[jobs], job_slot[jobs], job_hits[jobs], job_word[jobs] = run, slot, hits, word
                    jobs += np.uint64(hits > 0)
                    carried += hits
                state[slot] = now
            # … and which ones: each set of so many is as likely (Floyd's sampling: Bentley, Floyd 1987). The count
            # rests on the upper bits of its number, the first pick on the lower 32, which are as good as another;
            # further numbers are a stream of that one.
            found = np.uint64(0)
            for job in range(jobs):
                run, slot, hits, word = job_run[job], job_slot[job], np.uint64(job_hits[job]), job_word[job]
                arc, likeliest, size = np.uint64(run_start[run]), run_law[run, 2], np.uint64(np.int64(run_law[run, 3]))
                if hits <= TWO and likeliest == 0.0:
                    # Two are picked whether wanted or not: that is cheaper than a branch nobody foresees.
                    pick = ((word & LOW) * (size - hits + ONE)) >> HALF
                    other = ((mix(word + STEP) & LOW) * size) >> HALF
                    other = size - ONE if other == pick else other
                    found_who[found], found_slot[found] = source[arc + pick], slot
                    found_who[found + ONE], found_slot[found + ONE] = source[arc + other], slot
                    found += hits
                    continue
                last, now = size - hits, word
                for hit in range(hits):
                    if hit:
                        now += STEP
                        word = mix(now)
                    pick = ((word & LOW) * (last + ONE)) >> HALF
                    for earlier in range(hit):
                        if picked[earlier] == pick:
                            pick = last
                    picked[hit] = pick
                    last += ONE
                    if likeliest > 0.0 and probability[arc + pick] < likeliest:
                        now += STEP
                        if uniform(now) * likeliest >= probability[arc + pick]:
                            continue
                    found_who[found], found_slot[found] = source[arc + pick], slot
                    found += ONE
            # Those who are new to their set are queued, up to the first enlisted one.
            for at in range(found):
                customer, shift = found_who[at], np.uint64(found_slot[at])
                if tail == room:
                    fits = False
                    break
                seen = visited[customer]
                fresh = (((seen | met) >> shift) & ONE) ^ ONE
                visited[customer] = seen | (fresh << shift)
                who[tail], whose[tail] = customer, shift
                tail += fresh
                sizes[shift] += np.int64(fresh)
                met |= (np.uint64(enlisted[customer]) & fresh) << shift
        for at in range(tail):
            visited[who[at]] = 0
        if not fits:
            width[0], weighty = many // 2, before
            continue
        if np.int64(tail) > member.size - pointer[done]:
            return done
        for slot in range(many):
            pointer[done + slot + 1] = pointer[done + slot] + sizes[slot]
            sizes[slot] = pointer[done + slot]
        for at in range(tail):
            member[sizes[whose[at]]] = who[at]
            sizes[whose[at]] += 1
        done += many
        if tail > np.uint64(LONG_QUEUE):
            width[0] = max(1, many // 2)
        elif tail * np.uint64(4) < np.uint64(LONG_QUEUE) and width[0] < WIDEST:
            width[0] *= 2
    return done
