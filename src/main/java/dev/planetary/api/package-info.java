/**
 * The resource types users write and read. Records only; what the API server can check is said here as schema and CEL, with
 * messages that tell what to write instead. Field descriptions become {@code kubectl explain}.
 */
package dev.planetary.api;
