"""What leaves the building: who a confirmed lead goes to, and the package that they can act on."""
