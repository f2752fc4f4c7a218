// dbar._kernels.PacketPotential.
#pragma once

#include <pybind11/pybind11.h>

void bind_packets(pybind11::module_ &m);
