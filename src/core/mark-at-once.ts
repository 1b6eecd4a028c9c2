import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 mark its heap in one go. Buffers of what passes make it do that every few megabytes; small steps beside the
 * work keep an interface smooth, which a command has none of, and cost a quarter of the CPU time of a large download. Of the whole
 * process, and only of use before bytes move.
 * https://nodejs.org/docs/latest-v20.x/api/v8.html#v8setflagsfromstringflags
 */
export function markAtOnce(): void {
  setFlagsFromString('--no-incremental-marking');
}
