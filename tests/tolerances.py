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

# Relative to the range of the curve. libRoadRunner at rtol 1e-9 errs by more than that, for CVODE
# controls each step and errors add up along the chain and the weeks. Measured 9e-7 by the SED-ML
# (ketamine not yet mixed, six infusions) and 6e-7 by a list of tolerances; the rest is room
# for another processor's steps, and for our own error.
ROADRUNNER = 5e-6

# Relative to the range of the curve. SciPy's LSODA at rtol 1e-10, restarted at every event, is
# taken as the truth for the same equations, so this is our own discretisation error alone.
SCIPY = 1e-5

# Relative to the range of the curve. As for libRoadRunner: COPASI's LSODA at rtol 1e-9, measured
# 3.4e-7 (mtorc1, the same weeks).
COPASI = 5e-6

# Relative, of the last value. libRoadRunner with nothing set: rtol 1e-6, added up over four weeks.
DEFAULTS = 1e-3

# Relative to the size of the curve. Less than this is rounding along a month of steps, so a curve
# whose range is below it stands still and its own size takes the place of the range.
FLAT = 1e-9

# In SI (mol, mol/m3, kg/m3, 1). The smallest quantity that means anything in the model (a fraction
# bound, nmol in a metabolite) is above 1e-9; what is solved as zero comes back below 1e-30.
NOTHING = 1e-15

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

# Relative to the peak. Published rate constants have three or four digits, and our tables keep the
# volumes and flows made from them with as many.
PRINTED_DIGITS = 3e-3

# Relative. A figure noted with two or three digits, where the R form's clearance was set between
# 0.86 and 0.88 of S.
PRINTED_FIGURE = 0.025

# Relative to the peak. Three compartments stand for the four of Perez-Ruixo, one of which is the
# liver; measured 0.8% for ketamine and 1.7% for norketamine after infusions.
LUMPED_LIVER = 0.01
LUMPED_NORKETAMINE = 0.02

# Relative to the highest value. The same equations and steps on numbers multiplied by powers of
# the factors of units: rounding alone, added up over a day of steps.
OTHER_UNITS = 1e-9

# Relative. Wilson's closed form put back into the quadratic that it solves; near an end of 0 or 1
# the difference of two close numbers loses a few digits of the 16.
WILSON = 1e-9

# Relative to the range. How often a matrix exponential is squared follows the fastest patient of a
# batch, so rounding (1e-16 doubled 15 times) depends on who else is in it; measured 5e-12.
BATCH = 1e-10

# MADRS points. The front page's figure is drawn anew by hand when results move; what is below a
# line's width there (0.1 of 45 points on 700 pixels) need not be.
README_FIGURE = 0.1

# Of the trapped share, absolute. The leak of a closed channel is kept with five digits, and where a
# share is trapped for good 0.1% of it still leaks in two minutes.
TRAPPED = 2e-3

# Relative. Days at one concentration, and the closed form of the same numbers.
STEADY = 1e-9

# Of the block, absolute. Quasi-steady block is a good stand-in if it is nowhere further off; the
# peak of the usual infusion is about 0.4 in a channel free of magnesium.
QUASI_STEADY = 0.02

# Shares of 300 patients (and MADRS points): another processor may turn one or two of them over at
# a threshold, and a change in the chain upstream of the synapse must not turn more than that.
CALIBRATION_SHARE = 0.011

# Absolute, in a share of 2000 draws (SD 0.005) over about a hundred rows, plus the rounding of a
# range that is printed with three digits.
PRINTED_RANGE = 0.025

# Units in the last place. exp and log: below 1 by construction (half from the last rounding, the
# rest from the argument's reduction and the series). softplus adds two such results.
ULP_ELEMENTARY = 1.0
ULP_SOFTPLUS = 2.5
# Relative. A traced equation gathers fixed factors and multiplies by reciprocals: a few roundings
# of 1e-16, which a difference of near numbers or a power may raise some hundred times.
TRACED = 1e-13
# Relative to the largest value of a patient's curve. Both solve the same equations on the same grid
# by the same formulas: rounding of some thousand steps (measured below 4e-12).
NATIVE_NUMPY = 1e-11

# In SDs. A slope over 2,000 virtual patients has a standard error of 0.022; three of them, and
# what the bend of the curve from sensitivity to rating adds.
CONTRAST = 0.09
# Relative to the peak. A geometric series in closed form against hundreds of doses one after the
# other: rounding of both (measured 1e-11), and 1e-10 of a first dose that is not quite gone.
STEADY_STATE = 1e-9
# Relative to the peak. The same doses on a grid that starts elsewhere or has other edges: steps of
# other lengths, each exact but for rounding at rates up to 100/h, as for superposition.
RESET = 1e-7
# Fold, either way. Availability of the nasal spray: within 10% of what its population model prints.
NASAL_SHARE = 1.1
# Relative. Factors are noted with three digits, the ratios they are made from with two.
AREA = 0.02

# Relative to the largest value. An output of its own moves the steps about it; the bound is that of
# the solver itself.
OTHER_GRID = 1e-5

# Of the effect of moving a parameter by its own size, and of the read-out's largest value. A
# central difference with relative steps of 3e-5 errs by their square (times a third derivative that
# may be large beside a small first), and by rounding (1e-13 of the curve) over the step.
FINITE_DIFFERENCE = 1e-4
FINITE_NOISE = 1e-7
# Relative to the largest value of the curve. Both take the same steps with the same formulas;
# measured 1e-13 on MADRS over 28 days and six infusions.
JAX_NATIVE = 1e-12
# Relative, and of the largest slope. Native code goes back through its own steps, JAX forward by
# rules of its own: rounding alone, raised where a patient is near the border of two severities.
MODES = 1e-8
# Relative to the size of a curve. diffrax at rtol 1e-8 errs by about that a step.
REFERENCE = 1e-5
# Relative. A 3x3 solve in closed form: a dozen roundings of 1e-16, some hundred times as many where
# the loss is 1e4 of the step and the answer a thousandth of what it is made from.
STEP = 1e-12
