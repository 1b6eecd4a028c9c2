import type { Check } from '../../../check.ts';
import { ok, skip, warn } from '../../../finding.ts';
import { knock } from '../../../live/ask-server.ts';

/** Amazon S3 refuses signatures that are 15 minutes off. */
const NOTABLE_MS = 5 * 60_000;

export const serverClock: Check = {
  id: 'D72',
  name: 'server-clock',
  area: 'server',
  title: "This machine's clock and the tracking server's agree",
  explain:
    'The Date header of an answer is compared with the clock here. S3 refuses requests signed with a time that is 15 minutes off (RequestTimeTooSkewed), presigned URLs and tokens are not valid yet or no longer, and gc --older-than counts wrongly. More than 5 minutes are a warning.',
  network: true,
  needs: ['server', 'D70'],
  async run(context, io) {
    const { headers, at } = await knock(context, io);
    const theirs = Date.parse(headers['date'] ?? '');
    if (Number.isNaN(theirs)) return [skip('the server does not tell its time')];
    const ahead = at - theirs;
    const seconds = Math.round(Math.abs(ahead) / 1000);
    if (Math.abs(ahead) < NOTABLE_MS) return [ok(`the clocks differ by about ${seconds} s`)];
    const side = ahead > 0 ? 'ahead of' : 'behind';
    return [
      warn(
        `this machine's clock is ${Math.round(seconds / 60)} min ${side} the server's`,
        'set the clock that is wrong: timedatectl set-ntp true',
      ),
    ];
  },
};
