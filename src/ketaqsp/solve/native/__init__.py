"""Native code made from the blocks of a model: expressions to LLVM, a march over the grid."""
