import { expect, test } from 'vitest';
import { onAbort } from '../../../src/core/on-abort.ts';

test('tells all who still wait, each once', () => {
  const stop = new AbortController();
  const told: string[] = [];
  const leave = ['a', 'b', 'c', 'd'].map((name) => onAbort(stop.signal, () => void told.push(name)));
  leave[1]!();
  leave[1]!();
  onAbort(stop.signal, () => void told.push('e'));
  stop.abort();
  stop.abort();
  expect(told.toSorted()).toEqual(['a', 'c', 'd', 'e']);
});

test('who leaves while others are told is not told', () => {
  const stop = new AbortController();
  const told: string[] = [];
  onAbort(stop.signal, () => {
    told.push('first');
    leave();
  });
  const leave = onAbort(stop.signal, () => void told.push('second'));
  stop.abort();
  leave();
  expect(told).toEqual(['first']);
});

test('a place that was left serves the next one, whom nobody else takes it from', () => {
  const stop = new AbortController();
  const told: string[] = [];
  onAbort(stop.signal, () => void told.push('stays'));
  const leave = onAbort(stop.signal, () => void told.push('left'));
  leave();
  onAbort(stop.signal, () => void told.push('next'));
  leave();
  stop.abort();
  expect(told.toSorted()).toEqual(['next', 'stays']);
});

test('listens anew after all have left, and never to a signal that aborted before', () => {
  const stop = new AbortController();
  const told: string[] = [];
  onAbort(stop.signal, () => void told.push('early'))();
  onAbort(stop.signal, () => void told.push('late'));
  stop.abort();
  onAbort(stop.signal, () => void told.push('too late'));
  expect(told).toEqual(['late']);
});
