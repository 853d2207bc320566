/** An append-only log of segment files that survives what can happen to a process and a disk. */
package dev.caravan.spool.log;
