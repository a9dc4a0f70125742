//! Machine code in memory: one unit per place where the machine enters.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

use cranelift_codegen::ir::{
    self, AbiParam, ExternalName, InstBuilder, InstructionData, Signature, Type, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, default_libcall_names};
use prism_vm::tier::{Items, State, WINDOW, layout};

use crate::emit::{Callee, Emit, Host, Key, LEFT, Places, RETURNED, key, types_of};
use crate::flow::{Bodies, Body};
use crate::host;

/// Memory for the code of one unit.
const ARENA: usize = 8 << 20;

/// Bytes of the host's stack that calls of native code may use, but for the last one.
const STACK: usize = 256 << 10;

/// Code with its entry.
pub(crate) struct Unit {
    module: ManuallyDrop<JITModule>,
    enter: extern "C" fn(*mut State<'_>) -> i64,
    /// Bytes of the host's stack that a call takes at most.
    frame: usize,
    /// Registers of a function that calls another one, at least.
    stride: usize,
}

/// How a run of a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// The result is in the view.
    Returned,
    Left,
    Refused,
}

impl Unit {
    /// Compiles; `None` where that is impossible on this machine or for this code.
    pub(crate) fn compile(bodies: &Bodies) -> Option<Unit> {
        let mut make = Make::new()?;
        let enter = make.unit(bodies)?;
        let frame = make.frame;
        make.module.finalize_definitions().ok()?;
        let code = make.module.get_finalized_function(enter);
        // SAFETY: the function was made with this signature, in `Make::enter_*`, and its code
        // stays in memory as long as the module, which is kept beside it.
        let enter =
            unsafe { std::mem::transmute::<*const u8, extern "C" fn(*mut State<'_>) -> i64>(code) };
        Some(Unit { module: ManuallyDrop::new(make.module), enter, frame, stride: bodies.stride() })
    }

    pub(crate) fn run(&self, state: &mut State<'_>) -> Ran {
        // Each call moves the base by a stride at least, so one limit stands for the depth, the
        // stack of the host, which has more than this, and the registers that are there.
        let view = &mut state.view;
        let n_calls = view.depth.min(STACK / self.frame);
        let deepest = view.base.saturating_add(n_calls.saturating_mul(self.stride));
        view.limit = deepest.min(view.stack_len.saturating_sub(WINDOW));
        match (self.enter)(state) {
            RETURNED => Ran::Returned,
            LEFT => Ran::Left,
            _ => Ran::Refused,
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        // SAFETY: the module is taken once, here.
        let module = unsafe { ManuallyDrop::take(&mut self.module) };
        // SAFETY: the only pointer into the code is `enter`, which goes away with the unit; code
        // runs only inside `run`, which borrows it.
        unsafe { module.free_memory() };
    }
}

/// A function that is called: one of the unit, or code that stands where it is called.
#[derive(Clone, Copy)]
enum Known<'a> {
    Function(FuncId, &'a Body),
    Here(&'a Body),
}

struct Make {
    module: JITModule,
    context: FunctionBuilderContext,
    places: Places,
    pointer: Type,
    host: Vec<Hosted>,
    /// Bytes of the stack that a function takes at most.
    frame: usize,
}

/// A function of the host.
struct Hosted {
    name: &'static str,
    /// What code calls: the function itself, or one of the unit that keeps all registers.
    id: FuncId,
    /// The function itself then, and the signature of the other one.
    kept: Option<(FuncId, Signature)>,
    is_called: bool,
}

impl Make {
    fn new() -> Option<Make> {
        // Where Cranelift sets a register apart that functions of the host leave as it is.
        if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            return None;
        }
        let mut flags = settings::builder();
        for (name, value) in [
            ("opt_level", "speed"),
            ("is_pic", "false"),
            ("use_colocated_libcalls", "false"),
            ("enable_pinned_reg", "true"),
            ("unwind_info", "false"),
            ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        ] {
            flags.set(name, value).ok()?;
        }
        let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        // Calls inside a unit must stay in reach of each other.
        builder.memory_provider(Box::new(ArenaMemoryProvider::new_with_size(ARENA).ok()?));
        for (name, function) in host::symbols() {
            builder.symbol(name, function);
        }
        let module = JITModule::new(builder);
        let pointer = module.target_config().pointer_type();
        let places = places().filter(|_| pointer == types::I64)?;
        let context = FunctionBuilderContext::new();
        let mut make = Make { module, context, places, pointer, host: vec![], frame: 1 };
        make.declare_host()?;
        Some(make)
    }

    /// Functions of the host. Those that code calls in the middle of loops, and seldom, are
    /// called through a function of the unit that leaves all registers as they are: so nothing
    /// that a loop holds needs to be in memory for their sake.
    fn declare_host(&mut self) -> Option<()> {
        let (i, f) = (types::I64, types::F64);
        let table: [(&str, &[Type], Option<Type>, bool); 8] = [
            ("refuel", &[i], None, true),
            ("retain", &[i, i], None, true),
            ("release", &[i, i], None, true),
            ("push", &[i, i, i], None, true),
            ("new_array", &[i, i, i], Some(i), false),
            ("new_confident", &[i, f, f], Some(i), false),
            ("unwound", &[i, i, i, i], None, false),
            ("remainder", &[i, f, f], None, true),
        ];
        for (name, params, result, is_kept) in table {
            let mut signature = self.module.make_signature();
            signature.params.extend(params.iter().map(|&param| AbiParam::new(param)));
            signature.returns.extend(result.map(AbiParam::new));
            let import = self.module.declare_function(name, Linkage::Import, &signature).ok()?;
            let (mut id, mut kept) = (import, None);
            if is_kept {
                signature.call_conv = CallConv::PreserveAll;
                // The state is in its register.
                signature.params.remove(0);
                let name = format!("{name}_kept");
                id = self.module.declare_function(&name, Linkage::Local, &signature).ok()?;
                kept = Some((import, signature));
            }
            self.host.push(Hosted { name, id, kept, is_called: false });
        }
        Some(())
    }

    /// Remembers which functions of the host some code calls.
    fn note_calls(&mut self, func: &ir::Function) {
        let blocks = func.layout.blocks();
        for inst in blocks.flat_map(|block| func.layout.block_insts(block)) {
            if let InstructionData::Call { func_ref, .. } = func.dfg.insts[inst]
                && let ExternalName::User(name) = func.dfg.ext_funcs[func_ref].name
            {
                let id = func.params.user_named_funcs()[name].index;
                let called = self.host.iter_mut().find(|hosted| hosted.id.as_u32() == id);
                called.into_iter().for_each(|hosted| hosted.is_called = true);
            }
        }
    }

    /// The functions that keep all registers, as far as they are called.
    fn define_kept(&mut self) -> Option<()> {
        for hosted in std::mem::take(&mut self.host) {
            if let Some((import, signature)) = hosted.kept
                && hosted.is_called
            {
                self.keeping(hosted.id, import, signature)?;
            }
        }
        Some(())
    }

    /// A function that calls another one and leaves all registers as they are.
    fn keeping(&mut self, id: FuncId, callee: FuncId, signature: Signature) -> Option<()> {
        let mut context = self.module.make_context();
        context.func.signature = signature;
        let callee = self.module.declare_func_in_func(callee, &mut context.func);
        let mut builder = FunctionBuilder::new(&mut context.func, &mut self.context);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let mut args = vec![builder.ins().get_pinned_reg(types::I64)];
        args.extend(builder.block_params(entry));
        builder.ins().call(callee, &args);
        builder.ins().return_(&[]);
        builder.seal_all_blocks();
        builder.finalize(self.module.target_config());
        self.module.define_function(id, &mut context).ok()
    }

    /// Everything, and the function to enter by.
    fn unit(&mut self, bodies: &Bodies) -> Option<FuncId> {
        let enter = self.functions(bodies)?;
        self.define_kept()?;
        Some(enter)
    }

    fn functions(&mut self, bodies: &Bodies) -> Option<FuncId> {
        let mut ids = BTreeMap::new();
        for (at, (signature, body)) in bodies.callees.iter().enumerate() {
            if body.is_inlined() {
                ids.insert(key(signature), Known::Here(body));
                continue;
            }
            let abi = self.signature(body);
            let name = format!("callee{at}");
            let id = self.module.declare_function(&name, Linkage::Local, &abi).ok()?;
            ids.insert(key(signature), Known::Function(id, body));
        }
        for (signature, _) in &bodies.callees {
            if let Known::Function(id, body) = ids[&key(signature)] {
                self.body(id, body, &ids)?;
            }
        }
        let abi = self.signature(&bodies.first);
        if bodies.first.is_inner {
            let id = self.module.declare_function("enter", Linkage::Export, &abi).ok()?;
            self.body(id, &bodies.first, &ids)?;
            return Some(id);
        }
        let id = self.module.declare_function("first", Linkage::Local, &abi).ok()?;
        self.body(id, &bodies.first, &ids)?;
        self.enter(id, &bodies.first)
    }

    /// Base, fuel and arguments → fuel and result; for code that begins inside a function,
    /// state → status.
    fn signature(&self, body: &Body) -> Signature {
        let mut signature = self.module.make_signature();
        signature.returns.push(AbiParam::new(types::I64));
        if body.is_inner {
            signature.params.push(AbiParam::new(self.pointer));
        } else {
            signature.params.extend([types::I64; 2].map(AbiParam::new));
            let args = body.args.iter().flat_map(|kinds| types_of(*kinds));
            signature.params.extend(args.map(|&of| AbiParam::new(of)));
            signature.returns.extend(types_of(body.returns).iter().map(|&of| AbiParam::new(of)));
        }
        signature
    }

    fn body(&mut self, id: FuncId, body: &Body, ids: &BTreeMap<Key, Known<'_>>) -> Option<()> {
        let mut context = self.module.make_context();
        context.func.signature = self.signature(body);
        let host = self.host_of(&mut context.func)?;
        let callees = ids.iter().map(|(key, known)| {
            let callee = match *known {
                Known::Here(body) => Callee::Here(body),
                Known::Function(id, body) => {
                    let function = self.module.declare_func_in_func(id, &mut context.func);
                    Callee::Function(function, body)
                }
            };
            (key.clone(), callee)
        });
        let callees = callees.collect();
        let builder = FunctionBuilder::new(&mut context.func, &mut self.context);
        let builder = Emit::new(builder, body, host, callees, self.places).run();
        builder.finalize(self.module.target_config());
        self.note_calls(&context.func);
        self.module.define_function(id, &mut context).ok()?;
        let layout = context.compiled_code()?.buffer.frame_layout()?;
        // With the return address and the frame pointer.
        self.frame = self.frame.max(layout.frame_to_fp_offset as usize + 16);
        Some(())
    }

    fn host_of(&mut self, func: &mut ir::Function) -> Option<Host> {
        let mut find = |name: &str| {
            let hosted = self.host.iter().find(|hosted| hosted.name == name)?;
            Some(self.module.declare_func_in_func(hosted.id, func))
        };
        Some(Host {
            refuel: find("refuel")?,
            retain: find("retain")?,
            release: find("release")?,
            push: find("push")?,
            new_array: find("new_array")?,
            new_confident: find("new_confident")?,
            unwound: find("unwound")?,
            remainder: find("remainder")?,
        })
    }

    /// Enters a function at its start: takes its arguments out of the registers.
    fn enter(&mut self, first: FuncId, body: &Body) -> Option<FuncId> {
        let mut context = self.module.make_context();
        context.func.signature.params.push(AbiParam::new(self.pointer));
        context.func.signature.returns.push(AbiParam::new(types::I64));
        let host = self.host_of(&mut context.func)?;
        let callee = self.module.declare_func_in_func(first, &mut context.func);
        let id =
            self.module.declare_function("enter", Linkage::Export, &context.func.signature).ok()?;
        let builder = FunctionBuilder::new(&mut context.func, &mut self.context);
        let builder = Emit::enter(builder, body, host, self.places, callee);
        builder.finalize(self.module.target_config());
        self.module.define_function(id, &mut context).ok()?;
        Some(id)
    }
}

/// Where things are in the arenas. The order of the fields of a vector is found out by
/// looking at one; `None` if that is not clear.
fn places() -> Option<Places> {
    let layout = layout();
    let items: Items = Vec::with_capacity(7);
    let (pointer, capacity) = (items.as_ptr() as usize, items.capacity());
    // SAFETY: a vector is three words, which its size below says, and all bits of a word are
    // a number; it is not used as a vector through the copy.
    let words = unsafe { std::mem::transmute_copy::<Items, [usize; 3]>(&items) };
    let find = |wanted: usize| words.iter().position(|&word| word == wanted);
    let (pointer, capacity) = (find(pointer)?, find(capacity)?);
    let length = find(0)?;
    if pointer == capacity || pointer == length || length == capacity {
        return None;
    }
    let word = |at: usize| (layout.items + at * 8) as i32;
    Some(Places {
        entry: layout.entry as i64,
        count: layout.count as i32,
        pointer: word(pointer),
        length: word(length),
        capacity: word(capacity),
        confident_entry: layout.confident_entry as i64,
        confident_count: layout.confident_count as i32,
        value: layout.value as i32,
        confidence: layout.confidence as i32,
        object_entry: layout.object_entry as i64,
        object_count: layout.object_count as i32,
        keys: layout.keys as i32,
        fields: layout.fields as i32,
    })
}

const _: () = assert!(size_of::<Items>() == 3 * size_of::<usize>() && size_of::<usize>() == 8);
