/** The route files: loads them, tries them, swaps them while the bridge runs. */
package dev.caravan.routes;
