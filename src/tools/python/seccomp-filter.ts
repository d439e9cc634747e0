/** What `process.arch` may be here. */
export type FilteredArchitecture = 'x64' | 'arm64';

export function isFiltered(architecture: string): architecture is FilteredArchitecture {
  return architecture === 'x64' || architecture === 'arm64';
}

/** AUDIT_ARCH_… of linux/audit.h. */
const architectures = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

const clone = { x64: 56, arm64: 220 };
const cloneThread = 0x0001_0000;

/**
 * From here on numbers are the same everywhere, and every program must be able to do without: `clone3`, `io_uring_*`, `pidfd_*`,
 * `fsopen`, `memfd_secret`, and whatever kernels to come will add.
 */
const firstNewCall = 424;

/** Numbers on x64 and arm64 of unistd.h; a system that has no such call has no number. */
const denied: Record<string, { x64: number; arm64?: number }> = {
  socket: { x64: 41, arm64: 198 },
  socketpair: { x64: 53, arm64: 199 },
  connect: { x64: 42, arm64: 203 },
  bind: { x64: 49, arm64: 200 },
  listen: { x64: 50, arm64: 201 },
  accept: { x64: 43, arm64: 202 },
  accept4: { x64: 288, arm64: 242 },
  sendto: { x64: 44, arm64: 206 },
  sendmsg: { x64: 46, arm64: 211 },
  sendmmsg: { x64: 307, arm64: 269 },
  recvmsg: { x64: 47, arm64: 212 },
  fork: { x64: 57 },
  vfork: { x64: 58 },
  execveat: { x64: 322, arm64: 281 },
  ptrace: { x64: 101, arm64: 117 },
  process_vm_readv: { x64: 310, arm64: 270 },
  process_vm_writev: { x64: 311, arm64: 271 },
  kcmp: { x64: 312, arm64: 272 },
  mount: { x64: 165, arm64: 40 },
  umount2: { x64: 166, arm64: 39 },
  pivot_root: { x64: 155, arm64: 41 },
  chroot: { x64: 161, arm64: 51 },
  unshare: { x64: 272, arm64: 97 },
  setns: { x64: 308, arm64: 268 },
  mknod: { x64: 133 },
  mknodat: { x64: 259, arm64: 33 },
  open_by_handle_at: { x64: 304, arm64: 265 },
  name_to_handle_at: { x64: 303, arm64: 264 },
  keyctl: { x64: 250, arm64: 219 },
  add_key: { x64: 248, arm64: 217 },
  request_key: { x64: 249, arm64: 218 },
  bpf: { x64: 321, arm64: 280 },
  perf_event_open: { x64: 298, arm64: 241 },
  userfaultfd: { x64: 323, arm64: 282 },
  memfd_create: { x64: 319, arm64: 279 },
  shmget: { x64: 29, arm64: 194 },
  shmat: { x64: 30, arm64: 196 },
  semget: { x64: 64, arm64: 190 },
  msgget: { x64: 68, arm64: 186 },
  mq_open: { x64: 240, arm64: 180 },
  fanotify_init: { x64: 300, arm64: 262 },
  init_module: { x64: 175, arm64: 105 },
  finit_module: { x64: 313, arm64: 273 },
  delete_module: { x64: 176, arm64: 106 },
  kexec_load: { x64: 246, arm64: 104 },
  kexec_file_load: { x64: 320, arm64: 294 },
  reboot: { x64: 169, arm64: 142 },
  swapon: { x64: 167, arm64: 224 },
  swapoff: { x64: 168, arm64: 225 },
  acct: { x64: 163, arm64: 89 },
  quotactl: { x64: 179, arm64: 60 },
  personality: { x64: 135, arm64: 92 },
  syslog: { x64: 103, arm64: 116 },
  move_pages: { x64: 279, arm64: 239 },
  migrate_pages: { x64: 256, arm64: 238 },
  modify_ldt: { x64: 154 },
  uselib: { x64: 134 },
  iopl: { x64: 172 },
  ioperm: { x64: 173 },
  lookup_dcookie: { x64: 212, arm64: 18 },
};

/** linux/bpf_common.h */
const load = 0x20;
const ifEqual = 0x15;
const ifAtLeast = 0x35;
const ifAnyBit = 0x45;
const result = 0x06;

/** linux/seccomp.h and errno.h */
const allow = 0x7fff_0000;
const kill = 0x8000_0000;
const notPermitted = 0x0005_0001;
const notThere = 0x0005_0026;

/** Offsets in `struct seccomp_data`. */
const callNumber = 0;
const architectureField = 4;
const firstArgument = 16;

/**
 * The program that bubblewrap gives the kernel (`--seccomp`, seccomp(2)): no sockets, no further processes (threads are
 * allowed, Node needs them), and none of the calls through which kernels were broken into. `execve` stays allowed, since
 * bubblewrap itself comes before it; behind the wall there is nothing to execute but Node.
 */
export function seccompFilter(architecture: FilteredArchitecture): Buffer {
  const numbers = Object.values(denied).flatMap((call) => call[architecture] ?? []);
  const head: Instruction[] = [
    [load, 0, 0, architectureField],
    [ifEqual, 1, 0, architectures[architecture]],
    [result, 0, 0, kill],
    [load, 0, 0, callNumber],
  ];
  // Jumps count the instructions between; behind the tests come: allow, denied, not there, and the look at what is cloned.
  const tests = numbers.length + 2;
  const jump = (index: number, target: number) => tests - index - 1 + target;
  const checks: Instruction[] = [
    [ifAtLeast, jump(0, 2), 0, firstNewCall],
    [ifEqual, jump(1, 3), 0, clone[architecture]],
    ...numbers.map((number, index): Instruction => [ifEqual, jump(index + 2, 1), 0, number]),
  ];
  const ends: Instruction[] = [
    [result, 0, 0, allow],
    [result, 0, 0, notPermitted],
    [result, 0, 0, notThere],
    [load, 0, 0, firstArgument],
    [ifAnyBit, 0, 1, cloneThread],
    [result, 0, 0, allow],
    [result, 0, 0, notPermitted],
  ];
  return Buffer.concat([...head, ...checks, ...ends].map(encoded));
}

/** `struct sock_filter`: code, jump if true, jump if false, operand. */
type Instruction = [code: number, ifTrue: number, ifFalse: number, operand: number];

function encoded([code, ifTrue, ifFalse, operand]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(operand, 4);
  return bytes;
}
