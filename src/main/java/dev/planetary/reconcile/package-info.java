/** The control loop: observe, validate, plan, apply, tell; each step a class of its own. */
package dev.planetary.reconcile;
