/** Adds up vitest's JSON reports and prints one line: `N passed, N failed`. */
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);

/** Files that failed outside of their tests, in what they start or stop, where no test of theirs is told as failed. */
const brokenFiles = reports
  .flatMap((report) => report.testResults)
  .filter(({ status, assertionResults }) => {
    return status === 'failed' && assertionResults.every((test) => test.status !== 'failed');
  });

console.log(`${sum('numPassedTests')} passed, ${sum('numFailedTests') + brokenFiles.length} failed`);
