using System.Text.Encodings.Web;
using System.Text.Json;

namespace Backpressure.Simulation.Scoring;

/// <summary>The scoreboard as a program reads it.</summary>
internal static class JsonReport
{
    private static readonly JsonWriterOptions _options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string file, IEnumerable<Row> rows)
    {
        using FileStream stream = File.Create(file);
        using Utf8JsonWriter json = new(stream, _options);
        json.WriteStartObject();
        json.WriteStartArray("rows");
        foreach (Row row in rows)
        {
            json.WriteStartObject();
            json.WriteNumber("scenario", row.Scenario);
            json.WriteString("plant", row.Plant);
            json.WriteString("law", row.Law.Name);
            json.WriteString("figure", row.Figure.Name.Trim());
            Number("mean", row.Mean);
            Number("worst", row.Worst);
            Number("threshold", row.Threshold);
            if (row.Met is { } met)
            {
                json.WriteBoolean("met", met);
            }
            else
            {
                json.WriteNull("met");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();

        void Number(string name, double? value)
        {
            if (value is { } number && double.IsFinite(number))
            {
                json.WriteNumber(name, Math.Round(number, 4));
            }
            else
            {
                json.WriteNull(name);
            }
        }
    }
}
