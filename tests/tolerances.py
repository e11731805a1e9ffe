"""Every tolerance that a test may use, by name, each with its reason and in plain units.

Use: ``from tolerances import MASS_BALANCE``. A test that needs another one adds it here.
"""

# Relative to the peak. Both sides are float64 and the plasma step is exact; what is left is the
# rounding of matrix exponentials when rates differ by 1e4.
PLASMA_CLOSED_FORM = 1e-6

# Relative to the dose given. A sum over compartments and hundreds of dose edges rounds at about
# 1e-12; 1e-9 leaves room for that and still shows one lost microgram in a kilogram.
MASS_BALANCE = 1e-9

# Relative to the resting value, over 60 days without a dose. Rest is solved to 1e-9 or better;
# a drift above 1e-6 means that the initial state is not the steady state.
REST_DRIFT = 1e-6

# Relative to the range of the curve. libRoadRunner runs the export at rtol 1e-8; our own grid
# is held to 1e-5 per step, and errors add up along the chain.
ROADRUNNER = 1e-4

# Relative to the range of the curve. SciPy's Radau at rtol 1e-9 is taken as the truth for the
# same equations, so this is our own discretisation error alone.
SCIPY = 1e-5

# Relative. A few float64 operations, each good to 1e-16, against the same ones in another library.
ROUNDING = 1e-13

# Relative to what was given. Sums of a few dozen float64 products: rounding alone.
ARRIVES = 1e-12

# Relative to the peak. An infusion's rounding reaches a state that is near zero by subtraction
# (the venous view, arm minus unmixed); below this a negative value is one.
NEGATIVE_ROUNDING = 1e-12

# Relative to the peak. The plasma step is linear and exact, but other doses bring other edges, so
# other step lengths (kept to 1e-10 h) at rates up to 100/h.
SUPERPOSITION = 1e-7

# Relative to the range. The same arithmetic in another place of an array: only the order of sums
# inside vector instructions may differ.
COMPANY = 1e-12

# Fold, either way. Published levels of one analyte differ by up to two between laboratories, arms
# sampled and ways of reading a figure; beyond it a difference asks for an explanation.
PK_FOLD = 2.0

# Fold, either way, of a group's geometric mean. These levels set the receptor's block, and five
# sources on the same analyte and site agree within a quarter.
PK_CORE = 1.25

# Relative. Expected failures quote three digits.
QUOTED = 0.02
