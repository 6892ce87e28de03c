// The engine is compiled here from its own sources, with five of the platform's types replaced by ones whose every step
// Coyote can schedule. It controls Interlocked, Volatile, Monitor and Task by itself (by rewriting the assembly), but not
// what these five do inside the platform.
global using CancellationToken = Backpressure.Schedules.Controlled.ControlledToken;
global using CancellationTokenRegistration = Backpressure.Schedules.Controlled.ControlledRegistration;
global using Interlocked = Backpressure.Schedules.Controlled.ControlledInterlocked;
global using Lock = Backpressure.Schedules.Controlled.ControlledLock;
global using TimeProvider = Backpressure.Schedules.Controlled.ControlledTime;
