"""How well sums over atoms give vibrational entropies: the figures of the paper, on own data.

C. Lapointe, T. D. Swinburne, L. Thiry, S. Mallat, L. Proville, C. S. Becquart, M.-C. Marinica,
Phys. Rev. Materials 4, 063802 (2020).
"""
