"""What Scipion and RELION call the programs, and their parameters."""

from icestream.protocol import ANY, Becomes, Counterpart

__all__ = ["CTFFIND", "GCTF"]

_TO_UM = 1e-4
_PHASES = (
    Becomes("phase_min", "phase_min", only_if="do_phaseshift"),
    Becomes("phase_max", "phase_max", only_if="do_phaseshift"),
    Becomes("phase_step", "phase_step", only_if="do_phaseshift"),
)
_RELION = (
    Becomes("dfmin", "defocus_min", factor=_TO_UM),
    Becomes("dfmax", "defocus_max", factor=_TO_UM),
    Becomes("dfstep", "step", factor=_TO_UM),
    Becomes("dast", "astigmatism"),
    Becomes("resmin", "resolution_min"),
    Becomes("resmax", "resolution_max"),
    Becomes("box", "box"),
    Becomes("do_phaseshift", "phase_plate"),
    *_PHASES,
)
_PASSED = {
    "use_ctffind4": ANY, "use_ctffind": ANY, "use_gctf": ANY, "fn_ctffind_exe": ANY,
    "fn_gctf_exe": ANY, "use_given_ps": False, "use_noDW": ANY, "do_EPA": ANY,
    "do_ignore_ctffind_params": ANY, "ctf_win": -1, "other_gctf_args": "",
    "localsearch_nominal_defocus": -1, "exp_factor_dose": ANY,
}  # fmt: skip
_SCIPION_PASSED = {
    "recalculate": False, "sqliteFile": ANY, "ctfDownFactor": 1.0, "inputType": 1,
    "avgFrames": ANY, "usePowerSpectra": False,
}  # fmt: skip

CTFFIND = (
    Counterpart(
        program="scipion",
        kinds=("CistemProtCTFFind",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("minDefocus", "defocus_min", factor=_TO_UM),
            Becomes("maxDefocus", "defocus_max", factor=_TO_UM),
            Becomes("stepDefocus", "step", factor=_TO_UM),
            Becomes("lowRes", "resolution_min"),
            Becomes("highRes", "resolution_max"),
            Becomes("windowSize", "box"),
            Becomes("slowSearch", "exhaustive"),
            Becomes("astigmatism", "astigmatism", only_if="fixAstig", off=0.0),
            Becomes("findPhaseShift", "phase_plate"),
            Becomes("minPhaseShift", "phase_min", only_if="findPhaseShift"),
            Becomes("maxPhaseShift", "phase_max", only_if="findPhaseShift"),
            Becomes("stepPhaseShift", "phase_step", only_if="findPhaseShift"),
        ),
        passed=_SCIPION_PASSED,
    ),
    Counterpart(
        program="relion",
        kinds=("ctffind.ctffind4",),
        same=True,
        inputs={"input_star_mics": "micrograph"},
        taken=(*_RELION, Becomes("slow_search", "exhaustive")),
        passed=_PASSED,
    ),
)

GCTF = (
    Counterpart(
        program="scipion",
        kinds=("ProtGctf",),
        same=True,
        inputs={"inputMicrographs": "micrograph"},
        taken=(
            Becomes("minDefocus", "defocus_min"),
            Becomes("maxDefocus", "defocus_max"),
            Becomes("lowRes", "resolution_min", by="frequency"),
            Becomes("highRes", "resolution_max", by="frequency"),
            Becomes("windowSize", "box"),
            Becomes("astigmatism", "astigmatism"),
            Becomes("bfactor", "bfactor"),
            Becomes("doHighRes", "refine_finest"),
            Becomes("doPhShEst", "phase_plate"),
            Becomes("phaseShiftL", "phase_min", only_if="doPhShEst"),
            Becomes("phaseShiftH", "phase_max", only_if="doPhShEst"),
            Becomes("phaseShiftS", "phase_step", only_if="doPhShEst"),
        ),
        passed={
            **_SCIPION_PASSED, "plotResRing": ANY, "doEPA": ANY, "EPAsmp": 4,
            "doBasicRotave": False, "overlap": 0.5, "convsize": 85, "smoothResL": 1000,
            "doValidate": ANY, "HighResL": 15.0, "HighResH": 4.0, "HighResBf": 50,
            "phaseShiftT": 0, "coSearchRefine": False, "refine2DT": 1,
        },
    ),
    Counterpart(
        program="relion",
        kinds=("ctffind.gctf",),
        same=True,
        inputs={"input_star_mics": "micrograph"},
        taken=_RELION,
        passed={**_PASSED, "slow_search": ANY},
    ),
)  # fmt: skip
