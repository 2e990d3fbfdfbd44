"""Process cryo-EM movies while the microscope acquires them."""

__version__ = "0.1.0"
