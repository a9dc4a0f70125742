//! A program in a process of its own, started without a copy of ours.
//!
//! `fork` copies the page tables of the whole process, and each page that is written afterwards.
//! The standard library avoids it only for children that set no death signal. So ours begins as
//! `vfork` has it: it shares our memory, the thread that makes it stands still until it has
//! become another program, and all it does meanwhile is a few system calls.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::fs::OFlags;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process, pidfd_open, waitpid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::{Receiver, Sender};

/// What is started.
pub(crate) struct Program {
    pub(crate) file: PathBuf,
    /// The first one is the name that the program sees itself under.
    pub(crate) args: Vec<OsString>,
    pub(crate) dir: PathBuf,
    /// The whole environment.
    pub(crate) env: BTreeMap<OsString, OsString>,
}

/// A process with its three pipes. Killed when dropped.
pub(crate) struct Child {
    own: Own,
    /// Becomes readable when the process has ended.
    end: AsyncFd<OwnedFd>,
    pub(crate) stdin: Option<Sender>,
    pub(crate) stdout: Option<Receiver>,
    pub(crate) stderr: Option<Receiver>,
}

impl Child {
    #[expect(unsafe_code, reason = "the runtime cannot know that a descriptor stays what it is")]
    fn new(own: Own, end: OwnedFd, pipes: [OwnedFd; 3]) -> io::Result<Child> {
        let [stdin, stdout, stderr] = pipes;
        // SAFETY: an `OwnedFd` is one open file until it is dropped, with the `AsyncFd`.
        let end = unsafe { AsyncFd::register_with_interest(end, Interest::READABLE) };
        Ok(Child {
            own,
            end: end.map_err(io::Error::from)?,
            stdin: Some(Sender::from_owned_fd_unchecked(stdin)?),
            stdout: Some(Receiver::from_owned_fd_unchecked(stdout)?),
            stderr: Some(Receiver::from_owned_fd_unchecked(stderr)?),
        })
    }

    pub(crate) fn id(&self) -> Pid {
        self.own.id
    }

    /// The exit of the process. Dropping the future loses nothing.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.own.status {
                return Ok(status);
            }
            let mut ready = self.end.readable().await?;
            match waitpid(Some(self.own.id), WaitOptions::NOHANG)? {
                Some((_, status)) => {
                    self.own.status = Some(ExitStatus::from_raw(status.as_raw()));
                }
                None => ready.clear_ready(),
            }
        }
    }
}

/// A process whose exit nobody else takes.
struct Own {
    id: Pid,
    status: Option<ExitStatus>,
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.status.is_some() {
            return;
        }
        let id = self.id;
        // It may have ended by itself.
        let _ = kill_process(id, Signal::KILL);
        // A killed process is gone in a moment, but not in this one. Without a thread it is taken
        // off the system's list when we end.
        let wait = move || waitpid(Some(id), WaitOptions::empty());
        let _ = std::thread::Builder::new().spawn(wait);
    }
}

/// What the child reads. It must not allocate, so all of it is there before.
struct Plan {
    parent: i32,
    file: CString,
    /// Ends with null, as the one below.
    args: Vec<*const libc::c_char>,
    env: Vec<*const libc::c_char>,
    dir: CString,
    pipes: [RawFd; 3],
    /// Why the child did not become the program.
    failure: AtomicI32,
}

/// Bytes for the calls of the child, beside what its arguments may need.
const STACK: usize = 64 << 10;

/// Starts a program as the leader of a new process group. It is killed when the calling thread
/// ends, which therefore has to be one that stays, and that blocks all signals; and it has to be
/// inside a tokio runtime with I/O.
pub(crate) fn start(program: &Program) -> io::Result<Child> {
    let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
    let args = program.args.iter().map(|arg| text(arg)).collect::<io::Result<Vec<_>>>()?;
    let variable = |(name, value): (&OsString, &OsString)| {
        let bytes = [name.as_bytes(), b"=", value.as_bytes()].concat();
        CString::new(bytes).map_err(io::Error::from)
    };
    let env = program.env.iter().map(variable).collect::<io::Result<Vec<_>>>()?;
    let pointers = |texts: &[CString]| -> Vec<*const libc::c_char> {
        texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
    };
    let ([input, stdin], [stdout, output], [stderr, errors]) = (pipe()?, pipe()?, pipe()?);
    let plan = Plan {
        parent: getpid().as_raw_nonzero().get(),
        file: text(program.file.as_os_str())?,
        args: pointers(&args),
        env: pointers(&env),
        dir: text(program.dir.as_os_str())?,
        pipes: [input.as_raw_fd(), output.as_raw_fd(), errors.as_raw_fd()],
        failure: AtomicI32::new(0),
    };
    let ours = [stdin, stdout, stderr];
    for pipe in &ours {
        rustix::fs::fcntl_setfl(pipe, OFlags::NONBLOCK)?;
    }
    let own = Own { id: become_another(&plan)?, status: None };
    match plan.failure.load(Ordering::Relaxed) {
        0 => {}
        errno => return Err(io::Error::from_raw_os_error(errno)),
    }
    let end = pidfd_open(own.id, PidfdFlags::empty())?;
    Child::new(own, end, ours)
}

/// The reading and the writing end; neither is one of the first three files.
fn pipe() -> io::Result<[OwnedFd; 2]> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    let above = |end: OwnedFd| -> io::Result<OwnedFd> {
        if end.as_raw_fd() > 2 { Ok(end) } else { Ok(fcntl_dupfd_cloexec(&end, 3)?) }
    };
    Ok([above(read)?, above(write)?])
}

#[expect(unsafe_code, reason = "a child without a copy of our memory has no other interface")]
fn become_another(plan: &Plan) -> io::Result<Pid> {
    // The interpreter of a file that names none gets the arguments once more, on this stack.
    let mut stack = Box::<[u128]>::new_uninit_slice(STACK / 16 + plan.args.len());
    let top = stack.as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is ours, aligned, and lives until this call returns, as the plan does;
    // by CLONE_VFORK that is when the child no longer uses our memory. `child` neither allocates
    // nor locks nor unwinds, and changes nothing in memory but `failure`.
    let id =
        unsafe { libc::clone(child, top.cast(), flags, ptr::from_ref(plan).cast_mut().cast()) };
    match Pid::from_raw(id) {
        Some(id) if id.as_raw_nonzero().get() > 0 => Ok(id),
        Some(_) | None => Err(io::Error::last_os_error()),
    }
}

/// The child, until it is another program. Returns when it cannot become one, which ends it.
#[expect(unsafe_code, reason = "system calls, of which the last one does not return")]
extern "C" fn child(plan: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `become_another` passes a plan that lives as long as the child needs it, and every
    // pointer in it is to a text that ends with a zero byte or to a list that ends with null.
    unsafe {
        let plan = &*plan.cast::<Plan>().cast_const();
        if set_up(plan) {
            libc::execvpe(plan.file.as_ptr(), plan.args.as_ptr(), plan.env.as_ptr());
        }
        plan.failure.store(*libc::__errno_location(), Ordering::Relaxed);
    }
    127
}

/// `false`: a call failed.
///
/// SAFETY: only for a child that has its parent's memory until it is another program.
#[expect(unsafe_code, reason = "system calls")]
unsafe fn set_up(plan: &Plan) -> bool {
    // SAFETY: as in `child`; the calls get numbers, or places on this stack.
    unsafe {
        let mut is_fine = libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == 0;
        // The parent may have died before the line above; then nobody would send the signal.
        if libc::getppid() != plan.parent {
            *libc::__errno_location() = libc::ESRCH;
            return false;
        }
        is_fine = is_fine && libc::setpgid(0, 0) == 0;
        for (place, pipe) in (0..).zip(plan.pipes) {
            is_fine = is_fine && libc::dup2(pipe, place) == place;
        }
        is_fine = is_fine && libc::chdir(plan.dir.as_ptr()) == 0;
        // Our handlers must not run in here, and what we ignore is no business of the program,
        // but for what we were told to ignore ourselves.
        let mut action: libc::sigaction = std::mem::zeroed();
        for signal in 1..32 {
            let is_known = libc::sigaction(signal, ptr::null(), &mut action) == 0;
            let is_left = [libc::SIG_DFL, libc::SIG_IGN].contains(&action.sa_sigaction);
            if is_known && (!is_left || signal == libc::SIGPIPE) {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        is_fine && libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut()) == 0
    }
}

/// Keeps signals from the calling thread, for good.
#[expect(unsafe_code, reason = "the standard library has no masks of signals")]
pub(crate) fn block_signals() {
    // SAFETY: a set that the first call fills, for the second one to read.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, ptr::null_mut());
    }
}
