"""A session as SerialEM writes it: one folder of frames, with an mdoc beside each."""

from datetime import datetime

import numpy as np

from icestream.processing.simulate.camera import Camera
from icestream.simulator.plan import DOSE_RATE, SessionPlan
from icestream.simulator.schedule import PATTERN, Shot

__all__ = ["defects_document", "defects_name", "gain_name", "mdoc", "movie_name"]


def movie_name(plan: SessionPlan, shot: Shot) -> str:
    """Name of the movie."""
    return shot.exposure.name + {"tiff": ".tif", "mrc": ".mrc", "eer": ".eer"}[plan.container]


def gain_name(plan: SessionPlan, started: datetime) -> str:
    """Name of the gain reference, beside the movies."""
    ending = "gain" if plan.container == "eer" else "mrc"
    return f"CountRef_{started.strftime('%Y-%m-%d_%H.%M.%S')}_grid1_00000.{ending}"


def defects_name(started: datetime) -> str:
    """Name of the list of defects, beside the movies."""
    return f"defects_{started.strftime('%Y-%m-%d_%H.%M.%S')}_grid1_00000.txt"


def defects_document(camera: Camera) -> str:
    """The camera's dead columns and pixels; SerialEM counts rows from the top of the picture."""
    ny, nx = camera.shape
    dead = camera.gain == 0
    columns = np.flatnonzero(dead.all(axis=0))
    single = dead.copy()
    single[:, columns] = False
    lines = [f"CameraSizeX {nx}", f"CameraSizeY {ny}", "RotationAndFlip 0"]
    if len(columns):
        lines.append("BadColumns " + " ".join(str(column) for column in columns))
    pixels = [f"{x} {ny - 1 - y}" for y, x in np.argwhere(single)]
    if pixels:
        lines.append("BadPixels " + " ".join(pixels))
    return "\n".join(lines) + "\n"


def mdoc(plan: SessionPlan, shot: Shot, started: datetime) -> str:
    """The metadata of one stack of frames."""
    when = shot.exposure.acquired or started
    stage = shot.exposure.stage or (0.0, 0.0, 0.0)
    hole = shot.hole % (PATTERN * PATTERN)
    # An EER file has camera frames, of which SerialEM counts every one.
    stored = plan.frames * (plan.eer_frames if plan.container == "eer" else 1)
    values = {
        "GainReference": gain_name(plan, started),
        "DefectFile": defects_name(started),
        "TiltAngle": "0.0012",
        "StagePosition": f"{stage[0]:.4f} {stage[1]:.4f}",
        "StageZ": f"{stage[2]:.4f}",
        "Magnification": f"{round(165000 / plan.pixel_size, -3):.0f}",
        "Intensity": "0.1275",
        "ExposureDose": f"{plan.dose:.4f}",
        "DoseRate": f"{DOSE_RATE}",
        "PixelSpacing": f"{plan.pixel_size:g}",
        "SpotSize": "7",
        "Defocus": f"{-shot.reported_defocus * 1e-4:.5f}",
        "ImageShift": f"{shot.image_shift[0]:.5f} {shot.image_shift[1]:.5f}",
        "RotationAngle": "174.1",
        "ExposureTime": f"{plan.exposure_time:.4f}",
        "Binning": "1",
        "CameraIndex": "0",
        "DividedBy2": "0",
        "MagIndex": "33",
        "LowDoseConSet": "4",
        "CountsPerElectron": "1",
        "TargetDefocus": f"{-(shot.exposure.nominal_defocus or 0.0) * 1e-4:g}",
        "SubFramePath": f"X:\\frames\\{movie_name(plan, shot)}",
        "NumSubFrames": str(stored),
        "FrameDosesAndNumber": f"{plan.dose / stored:.6f} {stored}",
        "DateTime": when.strftime("%d-%b-%y  %H:%M:%S"),
        "FilterSlitAndLoss": "20 0",
        "NavigatorLabel": f"{shot.square + 1}-{shot.hole + 1}",
        "MultishotHoleAndPosition": f"{hole + 1} {shot.repeat}",
    }
    lines = [f"T = SerialEM: simulated {when.strftime('%d-%b-%y  %H:%M:%S')}"]
    lines += [f"Voltage = {plan.voltage:.0f}", "", "[FrameSet = 0]"]
    lines += [f"{key} = {value}" for key, value in values.items()]
    return "\n".join(lines) + "\n\n"
