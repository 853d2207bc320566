/** The status page: what health, meters, ledger and spool tell, for a person to look at. */
package dev.caravan.page;
