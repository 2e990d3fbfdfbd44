"""MotionCor, MotionCor2 and MotionCor3 as protocols of icestream."""
