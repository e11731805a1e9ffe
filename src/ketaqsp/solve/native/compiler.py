"""LLVM text made into machine code, by llvmlite; nothing else is needed on the machine."""

import itertools
import threading

from ketaqsp.solve.native.code import Machine

_LOCK = threading.Lock()
_NUMBER = itertools.count()
_STATE = {}


def _tools():
    """(llvmlite.binding, target machine, linker), made once."""
    if not _STATE:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=2,
            reloc="pic",
            codemodel="small",
        )
        # The older linker puts code and numbers anywhere; beside a large program (JAX) they may lie
        # further apart than the small code model reaches, and it aborts the process.
        linker = llvm.create_lljit_compiler(target, use_jit_link=True)
        _STATE.update(llvm=llvm, target=target, linker=linker)
    return _STATE["llvm"], _STATE["target"], _STATE["linker"]


def host():
    """The Machine of this computer: as many lanes as its widest vectors hold."""
    with _LOCK:
        llvm, _, _ = _tools()
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return Machine(8, True)
    # Vectors wider than the machine's are split by LLVM; four keep short ones busy too.
    arm = "aarch64" in llvm.get_process_triple() or "arm64" in llvm.get_process_triple()
    return Machine(4, arm or bool(features.get("fma")))


def identity():
    """What machine code depends on beside its text."""
    with _LOCK:
        llvm, target, _ = _tools()
    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.llvm_version_info} {target.triple} {llvm.get_host_cpu_name()} {features}"


def compiled(text):
    """Object code (bytes) of LLVM text."""
    with _LOCK:
        llvm, target, _ = _tools()
        module = llvm.parse_assembly(text)
        module.triple = target.triple
        module.data_layout = str(target.target_data)
        module.verify()
        tuning = llvm.create_pipeline_tuning_options(speed_level=2)
        tuning.loop_vectorization = tuning.slp_vectorization = False
        tuning.loop_unrolling = False
        llvm.create_pass_builder(target, tuning).getModulePassManager().run(
            module, llvm.create_pass_builder(target, tuning)
        )
        return target.emit_object(module)


def linked(code, names):
    """(library, {name: address}) of object code; the addresses hold while the library lives."""
    with _LOCK:
        llvm, _, linker = _tools()
        builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        for name in names:
            builder.export_symbol(name)
        library = builder.link(linker, f"ketaqsp{next(_NUMBER)}")
    return library, {name: library[name] for name in names}
