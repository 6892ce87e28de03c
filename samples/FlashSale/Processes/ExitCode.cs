namespace FlashSale.Processes;

/// <summary>What the processes of the demonstration tell by their exit codes.</summary>
internal static class ExitCode
{
    public const int Success = 0;
    public const int CriteriaNotMet = 1;
    public const int WrongArguments = 2;
    public const int StoppedTooSlowly = 3;
    public const int BrokeOff = 4;
    public const int Interrupted = 130;
}
