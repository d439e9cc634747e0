declare module 'fs-native-extensions' {
  /** Takes an exclusive lock without waiting. False: another open file description holds it. */
  export function tryLock(fd: number): boolean;
}
