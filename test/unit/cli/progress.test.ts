import { describe, expect, it } from 'vitest';
import { barLine, readingText, removeWrapped, slowestText } from '../../../src/cli/render/progress.ts';
import { createMeter } from '../../../src/cli/render/transfer-meter.ts';
import { manualClock } from '../transfer/run/manual-clock.ts';

const MIB = 1024 ** 2;

describe('where a transfer is', () => {
  it('is counted in bytes and files, with rate, time left, and the file that has been under way longest', async () => {
    const clock = manualClock();
    const meter = createMeter(clock);
    expect(readingText(meter.read())).toBe('0 B of 0 B…, 0 of 0… files, 0 B/s');
    meter.planned(2, 30 * MIB);
    meter.planned(1, 10 * MIB);
    meter.started('d/slow.bin', 30 * MIB);
    meter.started('quick', 10 * MIB);
    await clock.sleep(1000);
    meter.progress('d/slow.bin', 3 * MIB);
    meter.progress('quick', 7 * MIB);
    expect(readingText(meter.read())).toBe('10.0 MiB of 40.0 MiB…, 0 of 3… files, 10.0 MiB/s');
    meter.planEnded();
    meter.ended('quick');
    expect(readingText(meter.read())).toBe('10.0 MiB of 40.0 MiB, 1 of 3 files, 10.0 MiB/s, 3s left');
    expect(slowestText(meter.read())).toBe('slow.bin 10%');
    meter.ended('d/slow.bin');
    expect(slowestText(meter.read())).toBe('');
    meter.started('-');
    meter.progress('-', MIB);
    expect(slowestText(meter.read())).toBe('- 1.0 MiB');
  });

  it('has the rate of the last seconds, not of the whole', async () => {
    const clock = manualClock();
    const meter = createMeter(clock);
    meter.planned(1, 1000 * MIB);
    for (let second = 0; second < 30; second += 1) {
      await clock.sleep(1000);
      meter.progress('a', second < 15 ? 100 : 1000);
    }
    expect(meter.read().rate).toBeCloseTo(1000, -1);
  });

  it('counts a file once, though it was begun again, and one that was never begun as such', () => {
    const meter = createMeter(manualClock());
    meter.started('a', 1);
    meter.started('a', 1);
    meter.ended('a');
    meter.ended('a');
    expect(meter.read().over).toBe(1);
  });

  it('is removed whole from a terminal that was made narrower and wrapped it', () => {
    expect(removeWrapped(79, 80)).toBe('');
    expect(removeWrapped(80, 80)).toBe('');
    expect(removeWrapped(0, 0)).toBe('');
    expect(removeWrapped(79, 60)).toBe('\x1b[1A\r\x1b[J');
    expect(removeWrapped(119, 40)).toBe('\x1b[2A\r\x1b[J');
  });

  it('fits into one line of the terminal, however narrow it is', () => {
    const meter = createMeter(manualClock());
    meter.planned(3, 40 * MIB);
    meter.started(`${'long'.repeat(30)}.bin`, 10);
    meter.progress('x', 10 * MIB);
    const line = barLine('logging', meter.read(), 200);
    expect(line).toContain('█████░░░░░░░░░░░░░░░ 25%');
    for (const columns of [1, 20, 80, 120]) {
      expect(Array.from(barLine('logging', meter.read(), columns)).length).toBeLessThan(columns);
    }
    expect(barLine('logging', meter.read(), 60)).not.toContain('█');
  });
});
