"""Which sequence numbers of a 2.x transaction have arrived, as closed ranges: one, where none is missing."""

Ranges = tuple[tuple[int, int], ...]

RANGES_MAX = 500


def with_sequence(seen: Ranges, sequence: int) -> Ranges:
    """The closed ranges of sequence numbers with one more; what is out of bounds of memory closes a gap."""
    if seen and seen[-1][1] + 1 == sequence:
        return (*seen[:-1], (seen[-1][0], sequence))
    if contains(seen, sequence):
        return seen
    ranges: list[tuple[int, int]] = []
    for low, high in sorted((*seen, (sequence, sequence))):
        if ranges and low <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], high))
        else:
            ranges.append((low, high))
    while len(ranges) > RANGES_MAX:
        ranges[:2] = [(ranges[0][0], ranges[1][1])]
    return tuple(ranges)


def contains(seen: Ranges, sequence: int) -> bool:
    if not seen or sequence > seen[-1][1]:
        return False
    return any(low <= sequence <= high for low, high in seen)
