"""The formats of distributions, read defensively: pure functions over streams.

Nothing is ever unpacked to a disk. Any bytes whatsoever lead to a value or to
`InvalidDistribution`, in bounded memory and time.
"""
