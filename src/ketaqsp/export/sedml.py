"""A simulation experiment in SED-ML Level 1 Version 4: what to run on the model, what to keep."""

from xml.sax.saxutils import quoteattr

NAMESPACE = "http://sed-ml.org/sed-ml/level1/version4"
SBML = "http://www.sbml.org/sbml/level3/version2/core"
LANGUAGE = "urn:sedml:language:sbml.level-3.version-2"
CVODE, RELATIVE, ABSOLUTE = "KISAO:0000019", "KISAO:0000209", "KISAO:0000211"
# What the referees of this package run at: tight enough that their error is not the model's.
RTOL, ATOL = 1e-9, 1e-13
PLOTTED = ("ketamine_venous", "madrs")


def to_sedml(model_file, names, until_h, every_h):
    """SED-ML text: a time course of `model_file` (SBML) over until_h, kept each every_h.

    names: SBML ids to report. A report of all of them beside time, and a plot of each of PLOTTED
    that is among them. Times in h, the model's unit. The same arguments give the same text.
    """
    steps = round(until_h / every_h)
    columns = [("time", None), *((name, name) for name in names)]
    reported = "\n".join(
        f'      <dataSet id="set_{key}" label="{key}" dataReference="data_{key}"/>'
        for key, _ in columns
    )
    plots = "\n".join(_plot(name) for name in PLOTTED if name in names)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sedML xmlns="{NAMESPACE}" xmlns:sbml="{SBML}" level="1" version="4">\n'
        f"  <listOfModels>\n"
        f'    <model id="model" language="{LANGUAGE}" source={quoteattr(model_file)}/>\n'
        f"  </listOfModels>\n"
        f"  <listOfSimulations>\n"
        f'    <uniformTimeCourse id="course" initialTime="0" outputStartTime="0"'
        f' outputEndTime="{until_h!r}" numberOfSteps="{steps}">\n'
        f'      <algorithm kisaoID="{CVODE}">\n'
        f"        <listOfAlgorithmParameters>\n"
        f'          <algorithmParameter kisaoID="{RELATIVE}" value="{RTOL!r}"/>\n'
        f'          <algorithmParameter kisaoID="{ABSOLUTE}" value="{ATOL!r}"/>\n'
        f"        </listOfAlgorithmParameters>\n"
        f"      </algorithm>\n"
        f"    </uniformTimeCourse>\n"
        f"  </listOfSimulations>\n"
        f"  <listOfTasks>\n"
        f'    <task id="run" modelReference="model" simulationReference="course"/>\n'
        f"  </listOfTasks>\n"
        f"  <listOfDataGenerators>\n"
        + "\n".join(_generator(key, name) for key, name in columns)
        + "\n  </listOfDataGenerators>\n"
        "  <listOfOutputs>\n"
        '    <report id="report" name="every state and signal">\n'
        "      <listOfDataSets>\n"
        + reported
        + "\n      </listOfDataSets>\n    </report>\n"
        + plots
        + ("\n" if plots else "")
        + "  </listOfOutputs>\n</sedML>\n"
    )


def _generator(key, name):
    """One column; the time where `name` is None."""
    if name is None:
        which = 'symbol="urn:sedml:symbol:time"'
    else:
        path = f"/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='{name}']"
        which = f'target="{path}"'
    return (
        f'    <dataGenerator id="data_{key}" name="{key}">\n'
        f"      <listOfVariables>\n"
        f'        <variable id="of_{key}" {which} taskReference="run"/>\n'
        f"      </listOfVariables>\n"
        f'      <math xmlns="http://www.w3.org/1998/Math/MathML"><ci> of_{key} </ci></math>\n'
        f"    </dataGenerator>"
    )


def _plot(name):
    return (
        f'    <plot2D id="plot_{name}" name="{name} over time in h">\n'
        f"      <listOfCurves>\n"
        f'        <curve id="curve_{name}" logX="false" logY="false"'
        f' xDataReference="data_time" yDataReference="data_{name}"/>\n'
        f"      </listOfCurves>\n"
        f"    </plot2D>"
    )
