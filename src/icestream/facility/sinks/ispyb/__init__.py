"""ISPyB: results as rows of its tables for electron microscopy, in MariaDB or MySQL."""
