/** @file Days on which a decision about a finding ends: `2027-01-31`, that day included, in UTC. */
import { utcDay } from '../dataset/record-date.ts';

/** Whether a text is a day of the calendar in just this form. */
export const isDay = (text: string): boolean => utcDay(text) === text;

/** Days in this form sort as texts. */
export const isPast = (day: string, now: Date): boolean => day < now.toISOString().slice(0, 10);
